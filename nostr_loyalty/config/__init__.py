"""The operator's configuration: one TOML file in, one frozen value out, or every mistake at once.

load      the door: reads the file, collects the mistakes, returns the settings
settings  what the rest of the daemon sees: resolved keys, absolute paths, effective relays
model     the file's form: every key, its type, default and limits
values    the small grammars: slug, relay URL, public key, time zone, price, listen address
mistakes  a mistake as the operator reads it: place, value, what is wrong, what to type
"""
