#!/usr/bin/env python3
"""Writes transferability.json: scores by the definitions of the papers, with NumPy in double precision.

LogME by the evidence itself: A = alpha*I + beta*F'F, m = beta*A^-1 F'y, maximised over (log alpha, log beta) by SciPy.
LEEP by its formula with matrices. Needs numpy and scipy.
"""
import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize


def evidence(parameters, features, target):
    alpha, beta = np.exp(parameters)
    n, d = features.shape
    a = alpha * np.eye(d) + beta * features.T @ features
    m = beta * np.linalg.solve(a, features.T @ target)
    residual = np.sum((features @ m - target) ** 2)
    return (
        n / 2 * np.log(beta) + d / 2 * np.log(alpha) - n / 2 * np.log(2 * np.pi) - beta / 2 * residual
        - alpha / 2 * m @ m - np.linalg.slogdet(a)[1] / 2
    ) / n


def logme(features, target):
    best = max(
        -minimize(lambda p: -evidence(p, features, target), start, method="Nelder-Mead",
                  options=dict(xatol=1e-10, fatol=1e-14, maxiter=20000)).fun
        for start in [(0.0, 0.0), (3.0, 1.0), (-3.0, 3.0)])
    return float(best)


def leep(theta, labels):
    joint = np.stack([theta[labels == y].sum(0) for y in range(labels.max() + 1)]) / len(labels)
    conditional = joint / joint.sum(0)
    return float(np.mean(np.log((conditional[labels] * theta).sum(1))))


random = np.random.default_rng(5)
cases = []
for n, d in [(40, 6), (30, 1), (25, 12)]:
    features = random.normal(size=(n, d)).astype(np.float32) + np.float32(0.5)
    weights = random.normal(size=(d, 2))
    values = (features @ weights + random.normal(size=(n, 2))).astype(np.float32)
    labels = (values[:, 0] > values[:, 0].mean()).astype(int) + (values[:, 1] > values[:, 1].mean())
    double, one_hot = features.astype(float), np.eye(3)[labels]
    theta = random.dirichlet(np.ones(4), size=n).astype(np.float32)
    cases.append(dict(
        rows=n, features=features.ravel().tolist(), values=values.ravel().tolist(), labels=labels.tolist(),
        regression=float(np.mean([logme(double, values[:, c].astype(float)) for c in range(2)])),
        classification=float(np.mean([logme(double, one_hot[:, c]) for c in range(3)])),
        probabilities=theta.ravel().tolist(), leep=leep(theta.astype(float), labels)))
Path(__file__).with_name("transferability.json").write_text(json.dumps(cases) + "\n")
