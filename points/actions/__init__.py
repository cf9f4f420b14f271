"""Points for what members do besides buying: once, so many times a day, or each time.

`following` reads the timeline and gives what the version in force says, `services`
takes in events of other systems, `referrals` ties who was invited to who did it.
"""
