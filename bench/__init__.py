"""Speed, measured: the product beside a floor and a plain version, in the same run.

`python -m bench` makes its own database on the server of DATABASE_URL, starts the
product and the floor as they run in production (gunicorn), sends them the same work in
turns, and prints ratios. Absolute figures depend on the machine; ratios hardly do.
A run is void, and says so, if the ledger does not add up afterwards.
"""
