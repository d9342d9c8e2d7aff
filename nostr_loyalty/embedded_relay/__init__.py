"""The relay of a venue that has none: `[relay]` in the configuration.

supervisor    runs the child and starts it again when it dies (in the daemon's process)
child         the Rust relay of `nostr_sdk` on disk (in a process of its own; the only module that imports nostr_sdk)
report        the one line by which the child tells the supervisor how its start went
"""
