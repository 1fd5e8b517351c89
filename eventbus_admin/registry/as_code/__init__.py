"""The registry as code: written as a document, compared with one, and brought to one.

Reading and comparing are pure; what a plan asks for is carried out by the registry's own actions.
"""
