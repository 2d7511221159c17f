"""The process: its loop, its pools of hands, its heartbeat, its start and its end.

May import everything of the machine but upkeep and trial.
"""
