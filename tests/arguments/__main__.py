"""Write what people see of the arguments from their declarations."""

from .face import ARGS, README, public_face, readme

ARGS.write_text(public_face())
README.write_text(readme())
