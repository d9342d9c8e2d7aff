"""The command line: `main` picks the verb, one module per verb does it.

A verb's module offers `add_arguments(parser)` and `run(args) -> int` (the exit code). It prints its result on stdout,
raises the errors of the rooms for everything else, and is imported only when its verb was asked for.

main      the table of verbs, and what each family of errors looks like to a person and to a script
init      a folder with a configuration and a key, ready to run
run       the daemon
demo      two venues, a real relay and a stranger who checks
check     an audit of the ledger
balance   what a customer has
history   a customer's signed entries
inbox     what was set aside, and another try for it
key       secret keys: new, show, encrypt
asking    what the reading verbs have in common
"""
