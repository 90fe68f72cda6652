"""Tests of Narthex: support unit stories contract golden security system."""
