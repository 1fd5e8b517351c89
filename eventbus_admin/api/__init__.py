"""The REST API, version 1: reads requests, asks actions and querysets, answers with JSON.

Rights and rules live in what it asks; nothing here talks to the broker, except that a test event
is handed on to it.
"""
