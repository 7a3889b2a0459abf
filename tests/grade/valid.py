"""valid.py SCHEMA FILE: exit status 0 if the JSON file is as the schema says, else 1 and why."""
import json
import sys

import jsonschema

with open(sys.argv[1], encoding="utf-8") as schema, open(sys.argv[2], encoding="utf-8") as file:
    rules, value = json.load(schema), json.load(file)
jsonschema.Draft7Validator.check_schema(rules)
wrong = list(jsonschema.Draft7Validator(rules).iter_errors(value))
for error in wrong:
    print("/".join(map(str, error.absolute_path)) + ": " + error.message)
sys.exit(bool(wrong))
