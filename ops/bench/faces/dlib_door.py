"""Find and embed faces with dlib, in an environment of its own.

Started by ``recognition.embed``: a JSON list of pictures on standard input, JSON on standard
output. Imports nothing of the project.
"""

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import dlib  # type: ignore[import-not-found]  # in the scratch environment only
import numpy as np
from PIL import Image


def main() -> int:
    """Answer for each picture."""
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        return 2
    models = Path(spec.origin).parent / "models"
    detector = dlib.get_frontal_face_detector()
    points = dlib.shape_predictor(str(models / "shape_predictor_5_face_landmarks.dat"))
    network = dlib.face_recognition_model_v1(
        str(models / "dlib_face_recognition_resnet_model_v1.dat")
    )
    answers = {}
    for name in json.load(sys.stdin):
        image = np.array(Image.open(name).convert("RGB"))
        found = detector(image, 0) or detector(image, 1)
        height, width = image.shape[:2]
        middle = dlib.rectangle(
            int(0.2 * width), int(0.5 * height), int(0.8 * width), int(0.92 * height)
        )
        # all heads are aligned: one box for all, found or not, is what a patient attacker takes
        shape = points(image, middle)
        numbers = network.compute_face_descriptor(image, shape)
        answers[name] = {"found": bool(found), "numbers": list(numbers)}
    json.dump(answers, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
