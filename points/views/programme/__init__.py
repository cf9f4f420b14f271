"""The desk of the programme: overview, editor, multipliers, test basket, publishing."""
