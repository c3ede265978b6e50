"""The VES protocol as pure computation: bytes in, bytes out.

No sockets, no clock, no database. One module a subject; section numbers in docstrings refer to
the pages of docs/protocol. The engine (through PL/Python), the API, the workers and the client all
use this one library, so every preimage and every rule exists once.
"""
