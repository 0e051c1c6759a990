"""What a person is told, without a traceback, when the local deployment cannot go on."""


class LocalError(Exception):
    """The message says what was wrong and what to do."""


class EmulatorError(LocalError):
    """The emulator did not start, or died."""


class UnsupportedError(LocalError):
    """The program asks for what the local deployment does not do."""


class ProgramError(LocalError):
    """The program or its component refused what it was given."""


class RefusedError(LocalError):
    """The emulator refused to make, change or remove a resource."""


class CreationError(RefusedError):
    """The emulator refused to make a resource."""
