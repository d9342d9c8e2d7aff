"""Relays for the tests and benches.

scripted    our own relay in memory: real behaviour, any fault on demand (faults lists them); serve runs it as a process
real        child processes: the scripted one, and those that others wrote (Rust, Python, npm)
client      a bare client, signing makes and checks events; neither knows our own packages
contract    the relays of the relay contract, their quirks, and its fixtures
websocket, store, filters, client_state, reading, publishing, delivery, information: what the scripted relay is made of
"""
