"""What is measured: a module for each library, a function for each thing that it is asked to do.

A contestant runs in a process of its own. It takes a `Job` and returns figures by name. Each does
its work in the quickest way that its documentation offers with the same promise: persistent,
confirmed, acknowledged.
"""
