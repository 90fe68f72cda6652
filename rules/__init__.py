"""Rules: vocabulary, tables of the standard, compiler, plans, disclosure."""
