"""The VES protocol as pure computation: bytes in, bytes out.

No sockets, no clock, no database. One module a subject; section numbers in docstrings refer to the
VES v1.0 protocol notes. The engine (through PL/Python), the API, the workers and the client all use
this one library, so every preimage and every rule exists once.
"""
