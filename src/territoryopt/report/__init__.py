"""What a planner is handed: workbook, page with a map, a page per rep, files for the CRM.

Everything is made from a run read back; nothing is solved and nothing is fetched.
"""
