"""The record of who did what; it takes any object by kind and name and imports no other app
than accounts.
"""
