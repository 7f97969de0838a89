"""What stays the same from slice to slice of a phantom: its body, vessels and lesions.

Lengths are in half widths of the picture, x to its right, y down (the patient lies on
the back), z from the top of the lungs (0) to their base (1).
"""

from dataclasses import dataclass

import numpy as np

PATTERNS = ("healthy", "ground-glass", "consolidation", "effusion")


@dataclass(frozen=True)
class Lesions:
    """Ellipsoids of denser lung.

    Parameters
    ----------
    centre, radius : ndarray of shape (n_lesions, 3)
        Where they are and how large.

    added : ndarray of shape (n_lesions,)
        Hounsfield units that they add in their middle.

    reticulation : float
        How much of a fine net lies over them, in [0, 1].
    """

    centre: np.ndarray
    radius: np.ndarray
    added: np.ndarray
    reticulation: float


@dataclass(frozen=True)
class Patient:
    """Everything about one phantom that does not depend on the slice.

    Parameters
    ----------
    pattern : str
        One of ``PATTERNS``.

    traits : dict of str to float
        Shape, densities and settings of the scanner.

    ribs : ndarray of shape (n_ribs, 2)
        Angle and half width of each rib's cross-section, in radians.

    vessels : ndarray of shape (n_points, 4)
        Points along the vessels, and the vessel's radius at each.

    opacities, nodules : Lesions
        What the pattern shows, and round spots that mean nothing.

    effusion : ndarray of shape (2,)
        Height of the fluid behind each lung.
    """

    pattern: str
    traits: dict
    ribs: np.ndarray
    vessels: np.ndarray
    opacities: Lesions
    nodules: Lesions
    effusion: np.ndarray


def draw_patient(rng, pattern):
    """Draw a phantom at random.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where chance comes from.

    pattern : str
        One of ``PATTERNS``.

    Returns
    -------
    patient : Patient
        The phantom.
    """
    traits = _draw_traits(rng)
    return Patient(
        pattern=pattern,
        traits=traits,
        ribs=_draw_ribs(rng),
        vessels=_draw_vessels(rng, traits),
        opacities=_draw_opacities(rng, pattern, traits),
        nodules=_draw_nodules(rng, traits),
        effusion=rng.uniform(0.10, 0.42, 2) * _sides(rng) * (pattern == "effusion"),
    )


def _draw_traits(rng):
    uniform = rng.uniform
    width = uniform(0.86, 0.95)
    return {
        # body
        "body_width": width,
        "body_height": width * uniform(0.75, 0.87),
        "squareness": uniform(2.2, 2.6),
        "fat": uniform(0.02, 0.08),
        "wall": uniform(0.07, 0.10),
        "shift_x": uniform(-0.03, 0.03),
        "shift_y": uniform(-0.05, 0.03),
        "rotation": uniform(-0.07, 0.07),
        "heart": uniform(0.85, 1.15),
        "mediastinum": uniform(0.85, 1.15),
        "spine": uniform(0.9, 1.1),
        "lean": uniform(0.05, 0.22),
        "contrast": uniform(0, 110) * (rng.random() < 0.5),
        "couch": rng.random() < 0.5,
        # lungs, in Hounsfield units
        "lung": rng.normal(-850, 20),
        "gravity": uniform(10, 60),
        "texture": uniform(8, 26),
        # what looks like disease and is none
        "dependent": uniform(60, 300) * (rng.random() < 0.4),
        "dependent_depth": uniform(0.03, 0.10),
        "motion": uniform(0.0, 0.030) * (rng.random() < 0.35),
        "motion_angle": uniform(0, np.pi),
        "patchiness": uniform(0, 40) * (rng.random() < 0.4),
        "vascularity": uniform(0.6, 1.5),
        "emphysema": uniform(40, 110) * (rng.random() < 0.15),
        # scanner
        "black": uniform(-1060, -980),
        "white": uniform(140, 300),
        "round": rng.random() < 0.5,
        "noise": uniform(8, 38),
        "grain": uniform(0.3, 0.7),
        "blur": uniform(0.25, 0.6),
        # slices
        "z": uniform(0.25, 0.75),
        "spacing": uniform(0.025, 0.05),
    }


def _draw_ribs(rng):
    angles = np.linspace(0, 2 * np.pi, 15, endpoint=False) + rng.uniform(-0.08, 0.08, 15)
    return np.column_stack([angles + rng.uniform(0, 0.4), rng.uniform(0.07, 0.15, 15)])


def _draw_vessels(rng, traits, generations=8):
    """Grow one tree from each hilum, generation by generation."""
    side = np.repeat([-1.0, 1.0], 9)
    n = len(side)
    start = np.column_stack(
        [side * rng.uniform(0.15, 0.22, n), rng.uniform(-0.06, 0.12, n), rng.normal(0.5, 0.06, n)]
    )
    direction = rng.normal(0, 1, (n, 3)) * [0.6, 0.9, 0.9]
    direction[:, 0] = side * (0.25 + np.abs(direction[:, 0]))
    radius = rng.uniform(0.018, 0.028, n) * np.sqrt(traits["vascularity"])
    length = rng.uniform(0.10, 0.15, n)
    along = np.linspace(0, 1, 12)[:, np.newaxis, np.newaxis]
    points = []
    for _ in range(generations):
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        bend = rng.normal(0, 0.2, direction.shape) * length[:, np.newaxis]
        step = direction * length[:, np.newaxis]
        line = start + along * step + along * (1 - along) * bend
        taper = radius * (1 - 0.2 * along[:, :, 0])
        points.append(np.concatenate([line, taper[:, :, np.newaxis]], axis=2).reshape(-1, 4))
        # A thick branch goes on nearly straight, a thin one turns off.
        n = len(radius)
        start = np.tile(start + step, (2, 1))
        turn = np.concatenate([np.full(n, 0.25), np.full(n, 0.6)])[:, np.newaxis]
        direction = np.tile(direction, (2, 1)) + turn * rng.normal(0, 1, (2 * n, 3))
        radius = np.concatenate([radius * 0.82, radius * rng.uniform(0.5, 0.75, n)])
        length = np.tile(length, 2) * rng.uniform(0.75, 1.0, 2 * n)
    return np.concatenate(points)


def _draw_opacities(rng, pattern, traits):
    if pattern == "ground-glass":
        # From one faint patch to disease of half a lung.
        n = rng.integers(3, 10)
        size, added = rng.uniform(0.11, 0.24, n), rng.uniform(120, 400) * rng.uniform(0.7, 1.2, n)
    elif pattern == "consolidation":
        n = rng.integers(2, 6)
        size, added = rng.uniform(0.10, 0.22, n), rng.uniform(700, 880, n)
    else:
        n, size, added = 0, np.zeros(0), np.zeros(0)
    centre = _near_the_pleura(rng, n, traits)
    stretch = rng.uniform(0.65, 1.5, (n, 3)) * [1, 1, 0.8]
    reticulation = rng.uniform(0, 0.8) * (rng.random() < 0.4)
    return Lesions(centre, size[:, np.newaxis] * stretch, added, reticulation)


def _near_the_pleura(rng, n, traits):
    """Draw centres in the outer parts of the lungs, more often at the back."""
    angle = rng.choice([0, np.pi], n) + rng.choice([-1, 1], n) * rng.uniform(-0.2, 0.9, n)
    angle = np.where((np.sin(angle) < 0) & (rng.random(n) < 0.6), -angle, angle)
    outwards = rng.uniform(0.70, 1.0, n)
    wall = traits["fat"] + traits["wall"]
    x = np.cos(angle) * outwards * (traits["body_width"] - wall)
    y = np.sin(angle) * outwards * (traits["body_height"] - wall)
    return np.column_stack([x, y, traits["z"] + rng.normal(0, 0.06, n)])


def _draw_nodules(rng, traits):
    n = rng.poisson(1.2)
    side = rng.choice([-1, 1], n)
    centre = np.column_stack(
        [
            side * rng.uniform(0.25, 0.65, n),
            rng.uniform(-0.3, 0.35, n),
            traits["z"] + rng.normal(0, 0.05, n),
        ]
    )
    size = rng.uniform(0.016, 0.045, n)
    return Lesions(centre, np.repeat(size[:, np.newaxis], 3, axis=1), np.full(n, 800.0), 0.0)


def _sides(rng):
    return np.array([[1, 0], [0, 1], [1, 1]])[rng.integers(3)]
