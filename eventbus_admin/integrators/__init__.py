"""Services of somebody outside: who registers one, what it asks for, and what was decided.

What is asked for is a publication or a subscription of the registry in the state `requested`; it
leaves that state by a decision here. What an approved one may do on the broker is not known here.
"""
