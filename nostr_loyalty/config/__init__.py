"""The operator's configuration: one TOML file in, one frozen value out, or every mistake at once.

load               the door: reads the file, collects the mistakes, returns the settings
settings           what the rest of the daemon sees: resolved keys, absolute paths, effective relays, rules
model              the file's form: every key, its type, default and limits
program_model      the same for a program's rules: earning, tiers, rewards
form               what all tables have in common, and how a grammar becomes a key's type
public_model       the same for what is published besides programs: whose daemon this is, lists of programs
sections           the tables of the file, found from its form
agreement          what several keys say together
program_agreement  the same for a program's rules
program_rules      from a program's section to the rules that decisions depend on
values             the small grammars: slug, relay URL, public key, time zone, price, listen address
rule_values        the small grammars of rules: spans of time, decimals, dates, what is excluded
public_values      the small grammars of what people read: languages, names, pages, listed programs
mistakes           a mistake as the operator reads it: place, value, what is wrong, what to type
"""
