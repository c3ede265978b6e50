"""`make bench`: measures the running system against the bars of the design, and says what limits each figure.

`python -m tests.bench [--quick] [--only NAME ...]`. Everything runs against a private durable server and the API
as it is started in production; the load generator shares the machine.
"""
