"""The command line: `main` picks the verb, one module per verb does it.

A verb's module offers `add_arguments(parser)` and `run(args) -> int` (the exit code). It prints its result on stdout,
raises the errors of the rooms for everything else, and is imported only when its verb was asked for.

main      the table of verbs, and what each family of errors looks like to a person and to a script
init      a folder with a configuration and a key, ready to run
key       secret keys: new, show, encrypt
"""
