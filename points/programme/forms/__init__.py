"""The forms of the programme's desk: the editor, one multiplier, publishing, a basket.

A form reads what was typed into values; what is wrong with the values is said by
`points.programme.checking`, whose pointers the forms turn into their fields.
"""
