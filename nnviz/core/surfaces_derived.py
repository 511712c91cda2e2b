"""Value, derivatives and LaTeX of each built-in surface, by its formula. Written by derive_surfaces.py; not to be edited."""

# fmt: off
# ruff: noqa: E501, F401, B008
# mypy: ignore-errors

from math import e, pi
from typing import Any

from numpy import add, array, copyto, divide, empty_like, multiply, negative, power, subtract

from nnviz.core.derivation import FUNCTIONS

sin = FUNCTIONS["sin"].numpy
cos = FUNCTIONS["cos"].numpy
exp = FUNCTIONS["exp"].numpy
sqrt = FUNCTIONS["sqrt"].numpy
inverse_sqrt = FUNCTIONS["inverse_sqrt"].numpy

DERIVED: dict[str, Any] = {}


def bowl_value(x, y):
    return ((1/2)*(x*x) + (1/2)*(y*y),)


def bowl_gradient(x, y, out, k0=array((1/2), float)):
    (r0, r1, r2,) = out
    (b0, b1,) = [empty_like(r0) for _ in range(2)]
    def work():
        multiply(x, x, b0)
        multiply(k0, b0, b0)
        multiply(y, y, b1)
        multiply(k0, b1, b1)
        add(b0, b1, r0)
        copyto(r1, x)
        copyto(r2, y)
    return work


def bowl_hessian(x, y):
    return ((1/2)*(x*x) + (1/2)*(y*y), 1, 0, 1,)


DERIVED['(x**2 + y**2)/2'] = ('\\frac{x^{2}}{2} + \\frac{y^{2}}{2}', ('x', 'y'), ('1', '0', '1'), False, bowl_value, bowl_gradient, bowl_hessian)


def ravine_value(x, y, condition):
    return ((1/2)*condition*(y*y) + (1/2)*(x*x),)


def ravine_gradient(x, y, condition, out, k0=array((1/2), float)):
    (r0, r1, r2,) = out
    (b0, b1,) = [empty_like(r0) for _ in range(2)]
    def work():
        multiply(y, y, b0)
        multiply(((1/2)*condition), b0, b0)
        multiply(x, x, b1)
        multiply(k0, b1, b1)
        add(b0, b1, r0)
        multiply(condition, y, r2)
        copyto(r1, x)
    return work


def ravine_hessian(x, y, condition):
    return ((1/2)*condition*(y*y) + (1/2)*(x*x), 1, 0, condition,)


DERIVED['(x**2 + condition*y**2)/2'] = ('\\frac{condition y^{2}}{2} + \\frac{x^{2}}{2}', ('x', 'condition y'), ('1', '0', 'condition'), False, ravine_value, ravine_gradient, ravine_hessian)


def saddle_value(x, y):
    return ((1/2)*(x*x) - 1/2*y*y,)


def saddle_gradient(x, y, out, k0=array((1/2), float)):
    (r0, r1, r2,) = out
    (b0, b1,) = [empty_like(r0) for _ in range(2)]
    def work():
        multiply(x, x, b0)
        multiply(k0, b0, b0)
        multiply(k0, y, b1)
        multiply(b1, y, b1)
        subtract(b0, b1, r0)
        negative(y, r2)
        copyto(r1, x)
    return work


def saddle_hessian(x, y):
    return ((1/2)*(x*x) - 1/2*y*y, 1, 0, -1,)


DERIVED['(x**2 - y**2)/2'] = ('\\frac{x^{2}}{2} - \\frac{y^{2}}{2}', ('x', '- y'), ('1', '0', '-1'), False, saddle_value, saddle_gradient, saddle_hessian)


def monkey_saddle_value(x, y):
    return (x*(x*x - 3*y*y),)


def monkey_saddle_gradient(x, y, out, k0=array(3, float), k1=array((-6), float)):
    (r0, r1, r2,) = out
    (b0, b1, b2,) = [empty_like(r0) for _ in range(3)]
    def work():
        multiply(x, x, b0)
        multiply(y, y, b1)
        multiply(k0, b1, b1)
        subtract(b0, b1, b2)
        multiply(x, b2, r0)
        multiply(k0, b0, b0)
        subtract(b0, b1, r1)
        multiply(k1, x, b1)
        multiply(b1, y, r2)
    return work


def monkey_saddle_hessian(x, y):
    t0 = 6*x
    return (x*(x*x - 3*y*y), t0, -6*y, -t0,)


DERIVED['x**3 - 3*x*y**2'] = ('x^{3} - 3 x y^{2}', ('3 x^{2} - 3 y^{2}', '- 6 x y'), ('6 x', '- 6 y', '- 6 x'), False, monkey_saddle_value, monkey_saddle_gradient, monkey_saddle_hessian)


def rosenbrock_value(x, y):
    return ((1 - x)**2 + 100*(y - (x*x))**2,)


def rosenbrock_gradient(x, y, out, k0=array(1, float), k1=array(100, float), k2=array((-400), float), k3=array(2, float), k4=array(200, float)):
    (r0, r1, r2,) = out
    (b0, b1, b2,) = [empty_like(r0) for _ in range(3)]
    def work():
        multiply(x, x, b0)
        subtract(y, b0, b0)
        subtract(k0, x, b1)
        multiply(b1, b1, b1)
        multiply(b0, b0, b2)
        multiply(k1, b2, b2)
        add(b1, b2, r0)
        multiply(k2, b0, b2)
        multiply(b2, x, b2)
        multiply(k3, x, b1)
        add(b2, b1, b1)
        subtract(b1, k3, r1)
        multiply(k4, b0, r2)
    return work


def rosenbrock_hessian(x, y):
    t0 = x*x
    return ((1 - x)**2 + 100*(-t0 + y)**2, 1200*t0 - 400*y + 2, -400*x, 200,)


DERIVED['(1 - x)**2 + 100*(y - x**2)**2'] = ('\\left(1 - x\\right)^{2} + 100 \\left(- x^{2} + y\\right)^{2}', ('- 400 x \\left(- x^{2} + y\\right) + 2 x - 2', '- 200 x^{2} + 200 y'), ('1200 x^{2} - 400 y + 2', '- 400 x', '200'), False, rosenbrock_value, rosenbrock_gradient, rosenbrock_hessian)


def beale_value(x, y):
    t0 = -x
    return ((t0 + x*y + 1.5)**2 + (t0 + x*(y*y) + 2.25)**2 + (t0 + x*(y*y*y) + 2.625)**2,)


def beale_gradient(x, y, out, k0=array(1.5, float), k1=array(2.25, float), k2=array(2.625, float), k3=array(2, float), k4=array(1, float), k5=array(3, float)):
    (r0, r1, r2,) = out
    (b0, b1, b2, b3, b4, b5, b6,) = [empty_like(r0) for _ in range(7)]
    def work():
        negative(x, b0)
        multiply(x, y, b1)
        add(b0, b1, b1)
        add(b1, k0, b1)
        multiply(y, y, b2)
        multiply(b2, x, b3)
        add(b0, b3, b3)
        add(b3, k1, b3)
        multiply(b2, y, b4)
        multiply(b4, x, b5)
        add(b0, b5, b5)
        add(b5, k2, b5)
        multiply(b1, b1, b0)
        multiply(b3, b3, b6)
        add(b0, b6, b6)
        multiply(b5, b5, b0)
        add(b6, b0, r0)
        multiply(k3, b1, b0)
        subtract(y, k4, b6)
        multiply(b0, b6, b6)
        multiply(k3, b3, b3)
        subtract(b2, k4, b0)
        multiply(b3, b0, b0)
        add(b6, b0, b0)
        multiply(k3, b5, b6)
        subtract(b4, k4, b4)
        multiply(b6, b4, b4)
        add(b0, b4, r1)
        multiply(k3, x, b4)
        multiply(k5, b2, b2)
        multiply(b2, b5, b5)
        add(b1, b5, b5)
        multiply(b3, y, b3)
        add(b5, b3, b3)
        multiply(b4, b3, r2)
    return work


def beale_hessian(x, y):
    t0 = -x
    t1 = x*y
    t2 = y*y
    t3 = t2*x
    t4 = t0 + t3 + 2.25
    t5 = y*y*y
    t6 = t0 + t5*x + 2.625
    t7 = y - 1
    t8 = t2 - 1
    t9 = t5 - 1
    t10 = 2*x
    t11 = 6*t6
    t12 = 6*t3
    return ((t0 + t1 + 1.5)**2 + t4*t4 + t6*t6, 2*(t7*t7) + 2*(t8*t8) + 2*(t9*t9), 4*t1*t8 + 2*t1 + t10*t7 - t10 + t11*t2 + t12*t9 + 4*t4*y + 3.0, t10*(t0 + t11*y + t12 + 9*x*(y*y*y*y) + 4.5),)


DERIVED['(1.5 - x + x*y)**2 + (2.25 - x + x*y**2)**2 + (2.625 - x + x*y**3)**2'] = ('\\left(x y - x + 1.5\\right)^{2} + \\left(x y^{2} - x + 2.25\\right)^{2} + \\left(x y^{3} - x + 2.625\\right)^{2}', ('\\left(2 y - 2\\right) \\left(x y - x + 1.5\\right) + \\left(2 y^{2} - 2\\right) \\left(x y^{2} - x + 2.25\\right) + \\left(2 y^{3} - 2\\right) \\left(x y^{3} - x + 2.625\\right)', '6 x y^{2} \\left(x y^{3} - x + 2.625\\right) + 4 x y \\left(x y^{2} - x + 2.25\\right) + 2 x \\left(x y - x + 1.5\\right)'), ('\\left(y - 1\\right) \\left(2 y - 2\\right) + \\left(y^{2} - 1\\right) \\left(2 y^{2} - 2\\right) + \\left(y^{3} - 1\\right) \\left(2 y^{3} - 2\\right)', '3 x y^{2} \\left(2 y^{3} - 2\\right) + 2 x y \\left(2 y^{2} - 2\\right) + 2 x y + x \\left(2 y - 2\\right) - 2 x + 6 y^{2} \\left(x y^{3} - x + 2.625\\right) + 4 y \\left(x y^{2} - x + 2.25\\right) + 3.0', '18 x^{2} y^{4} + 8 x^{2} y^{2} + 2 x^{2} + 12 x y \\left(x y^{3} - x + 2.625\\right) + 4 x \\left(x y^{2} - x + 2.25\\right)'), False, beale_value, beale_gradient, beale_hessian)


def himmelblau_value(x, y):
    return ((x - 7 + y*y)**2 + (y - 11 + x*x)**2,)


def himmelblau_gradient(x, y, out, k0=array(11, float), k1=array(7, float), k2=array(4, float), k3=array(2, float)):
    (r0, r1, r2,) = out
    (b0, b1, b2, b3,) = [empty_like(r0) for _ in range(4)]
    def work():
        subtract(y, k0, b0)
        multiply(x, x, b1)
        add(b0, b1, b1)
        subtract(x, k1, b0)
        multiply(y, y, b2)
        add(b0, b2, b2)
        multiply(b1, b1, b0)
        multiply(b2, b2, b3)
        add(b0, b3, r0)
        multiply(k2, b1, b3)
        multiply(b3, x, b3)
        multiply(k3, b2, b0)
        add(b3, b0, r1)
        multiply(k3, b1, b1)
        multiply(k2, b2, b2)
        multiply(b2, y, b2)
        add(b1, b2, r2)
    return work


def himmelblau_hessian(x, y):
    t0 = x*x
    t1 = y*y
    return ((t0 + y - 11)**2 + (t1 + x - 7)**2, 12*t0 + 4*y - 42, 4*x + 4*y, 12*t1 + 4*x - 26,)


DERIVED['(x**2 + y - 11)**2 + (x + y**2 - 7)**2'] = ('\\left(x + y^{2} - 7\\right)^{2} + \\left(x^{2} + y - 11\\right)^{2}', ('4 x \\left(x^{2} + y - 11\\right) + 2 x + 2 y^{2} - 14', '2 x^{2} + 4 y \\left(x + y^{2} - 7\\right) + 2 y - 22'), ('12 x^{2} + 4 y - 42', '4 x + 4 y', '4 x + 12 y^{2} - 26'), False, himmelblau_value, himmelblau_gradient, himmelblau_hessian)


def rastrigin_value(x, y):
    t0 = 2*pi
    return (-10*cos(t0*x) - 10*cos(t0*y) + 20 + x*x + y*y,)


def rastrigin_gradient(x, y, out, k0=array((2*pi), float), k1=array((-10), float), k2=array(10, float), k3=array(20, float), k4=array((2*(10*pi)), float), k5=array(2, float)):
    (r0, r1, r2,) = out
    (b0, b1, b2, b3,) = [empty_like(r0) for _ in range(4)]
    def work():
        multiply(k0, x, b0)
        multiply(k0, y, b1)
        cos(b0, out=b2)
        multiply(k1, b2, b2)
        cos(b1, out=b3)
        multiply(k2, b3, b3)
        subtract(b2, b3, b3)
        add(b3, k3, b3)
        multiply(x, x, b2)
        add(b3, b2, b2)
        multiply(y, y, b3)
        add(b2, b3, r0)
        sin(b0, out=b0)
        multiply(k4, b0, b0)
        multiply(k5, x, b3)
        add(b0, b3, r1)
        sin(b1, out=b1)
        multiply(k4, b1, b1)
        multiply(k5, y, b3)
        add(b1, b3, r2)
    return work


def rastrigin_hessian(x, y):
    t0 = 2*pi
    t1 = cos(t0*x)
    t2 = cos(t0*y)
    t3 = 20*pi**2
    return (-10*t1 - 10*t2 + 20 + x*x + y*y, 2*t1*t3 + 2, 0, 2*t2*t3 + 2,)


DERIVED['20 + x**2 + y**2 - 10*cos(2*pi*x) - 10*cos(2*pi*y)'] = ('x^{2} + y^{2} - 10 \\cos\\left(2 \\pi x\\right) - 10 \\cos\\left(2 \\pi y\\right) + 20', ('2 x + 20 \\pi \\sin\\left(2 \\pi x\\right)', '2 y + 20 \\pi \\sin\\left(2 \\pi y\\right)'), ('40 \\pi^{2} \\cos\\left(2 \\pi x\\right) + 2', '0', '40 \\pi^{2} \\cos\\left(2 \\pi y\\right) + 2'), False, rastrigin_value, rastrigin_gradient, rastrigin_hessian)


def ackley_value(x, y):
    t0 = 2*pi
    return (-exp((1/2)*cos(t0*x) + (1/2)*cos(t0*y)) + e + 20 - 20*exp(-0.2*sqrt((1/2)*(x*x) + (1/2)*(y*y))),)


def ackley_gradient(x, y, out, k0=array((1/2), float), k1=array((-0.2), float), k2=array((2*pi), float), k3=array(pi, float), k4=array(2.0, float), k5=array((-20), float), k6=array(e, float), k7=array(20, float)):
    (r0, r1, r2,) = out
    (b0, b1, b2, b3, b4, b5, b6,) = [empty_like(r0) for _ in range(7)]
    def work():
        multiply(x, x, b0)
        multiply(k0, b0, b0)
        multiply(y, y, b1)
        multiply(k0, b1, b1)
        add(b0, b1, b1)
        sqrt(b1, out=b0)
        multiply(k1, b0, b0)
        exp(b0, out=b0)
        multiply(k2, x, b2)
        multiply(k2, y, b3)
        cos(b2, out=b4)
        multiply(k0, b4, b4)
        cos(b3, out=b5)
        multiply(k0, b5, b5)
        add(b4, b5, b5)
        exp(b5, out=b5)
        multiply(k3, b5, b4)
        multiply(k4, b0, b6)
        copyto(b1, inverse_sqrt(b1))
        multiply(b6, b1, b1)
        multiply(k5, b0, b0)
        subtract(b0, b5, b5)
        add(b5, k6, b5)
        add(b5, k7, r0)
        sin(b2, out=b2)
        multiply(b4, b2, b2)
        multiply(b1, x, b5)
        add(b2, b5, r1)
        sin(b3, out=b3)
        multiply(b4, b3, b3)
        multiply(b1, y, b1)
        add(b3, b1, r2)
    return work


def ackley_hessian(x, y):
    t0 = x*x
    t1 = y*y
    t2 = (1/2)*t0 + (1/2)*t1
    t3 = exp(-0.2*sqrt(t2))
    t4 = 2*pi
    t5 = t4*x
    t6 = cos(t5)
    t7 = t4*y
    t8 = cos(t7)
    t9 = exp((1/2)*t6 + (1/2)*t8)
    t10 = inverse_sqrt(t2)
    t11 = -2.0*t10*t3
    t12 = sin(t5)
    t13 = pi**2
    t14 = t13*t9
    t15 = t0*t3
    t16 = 1.0*(t10*t10*t10)
    t17 = 0.2*(t10*t10)
    t18 = sin(t7)
    t19 = t3*x*y
    t20 = t1*t3
    return (-20*t3 - t9 + e + 20, -t11 + 2*t13*t6*t9 - t14*t12*t12 - t15*t16 - t15*t17, -t12*t14*t18 - t16*t19 - t17*t19, -t11 + 2*t13*t8*t9 - t14*t18*t18 - t16*t20 - t17*t20,)


DERIVED['20 + e - 20*exp(-0.2*sqrt((x**2 + y**2)/2)) - exp((cos(2*pi*x) + cos(2*pi*y))/2)'] = ('- e^{\\frac{\\cos\\left(2 \\pi x\\right)}{2} + \\frac{\\cos\\left(2 \\pi y\\right)}{2}} - 20 e^{- 0.2 \\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} + e + 20', ('2.0 x e^{- 0.2 \\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} \\frac{1}{\\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} + \\pi e^{\\frac{\\cos\\left(2 \\pi x\\right)}{2} + \\frac{\\cos\\left(2 \\pi y\\right)}{2}} \\sin\\left(2 \\pi x\\right)', '2.0 y e^{- 0.2 \\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} \\frac{1}{\\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} + \\pi e^{\\frac{\\cos\\left(2 \\pi x\\right)}{2} + \\frac{\\cos\\left(2 \\pi y\\right)}{2}} \\sin\\left(2 \\pi y\\right)'), ('- 1.0 x^{2} e^{- 0.2 \\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} \\left(\\frac{1}{\\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}}\\right)^{3} - 0.2 x^{2} e^{- 0.2 \\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} \\left(\\frac{1}{\\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}}\\right)^{2} - \\pi^{2} e^{\\frac{\\cos\\left(2 \\pi x\\right)}{2} + \\frac{\\cos\\left(2 \\pi y\\right)}{2}} \\sin^{2}\\left(2 \\pi x\\right) + 2 \\pi^{2} e^{\\frac{\\cos\\left(2 \\pi x\\right)}{2} + \\frac{\\cos\\left(2 \\pi y\\right)}{2}} \\cos\\left(2 \\pi x\\right) + 2.0 e^{- 0.2 \\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} \\frac{1}{\\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}}', '- 1.0 x y e^{- 0.2 \\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} \\left(\\frac{1}{\\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}}\\right)^{3} - 0.2 x y e^{- 0.2 \\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} \\left(\\frac{1}{\\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}}\\right)^{2} - \\pi^{2} e^{\\frac{\\cos\\left(2 \\pi x\\right)}{2} + \\frac{\\cos\\left(2 \\pi y\\right)}{2}} \\sin\\left(2 \\pi x\\right) \\sin\\left(2 \\pi y\\right)', '- 1.0 y^{2} e^{- 0.2 \\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} \\left(\\frac{1}{\\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}}\\right)^{3} - 0.2 y^{2} e^{- 0.2 \\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} \\left(\\frac{1}{\\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}}\\right)^{2} - \\pi^{2} e^{\\frac{\\cos\\left(2 \\pi x\\right)}{2} + \\frac{\\cos\\left(2 \\pi y\\right)}{2}} \\sin^{2}\\left(2 \\pi y\\right) + 2 \\pi^{2} e^{\\frac{\\cos\\left(2 \\pi x\\right)}{2} + \\frac{\\cos\\left(2 \\pi y\\right)}{2}} \\cos\\left(2 \\pi y\\right) + 2.0 e^{- 0.2 \\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}} \\frac{1}{\\sqrt{\\frac{x^{2}}{2} + \\frac{y^{2}}{2}}}'), True, ackley_value, ackley_gradient, ackley_hessian)


def styblinski_tang_value(x, y):
    return ((5/2)*x + (5/2)*y - 8*x*x - 8*y*y + (1/2)*(x*x*x*x) + (1/2)*(y*y*y*y),)


def styblinski_tang_gradient(x, y, out, k0=array((5/2), float), k1=array(8, float), k2=array((1/2), float), k3=array((-16), float), k4=array(2, float)):
    (r0, r1, r2,) = out
    (b0, b1, b2, b3,) = [empty_like(r0) for _ in range(4)]
    def work():
        multiply(k0, x, b0)
        multiply(k0, y, b1)
        add(b0, b1, b1)
        multiply(k1, x, b0)
        multiply(b0, x, b0)
        subtract(b1, b0, b0)
        multiply(k1, y, b1)
        multiply(b1, y, b1)
        subtract(b0, b1, b1)
        multiply(x, x, b0)
        multiply(b0, x, b0)
        multiply(b0, x, b2)
        multiply(k2, b2, b2)
        add(b1, b2, b2)
        multiply(y, y, b1)
        multiply(b1, y, b1)
        multiply(b1, y, b3)
        multiply(k2, b3, b3)
        add(b2, b3, r0)
        multiply(k3, x, b3)
        add(b3, k0, b3)
        multiply(k4, b0, b0)
        add(b3, b0, r1)
        multiply(k3, y, b0)
        add(b0, k0, b0)
        multiply(k4, b1, b1)
        add(b0, b1, r2)
    return work


def styblinski_tang_hessian(x, y):
    t0 = x*x
    t1 = y*y
    return (-8*t0 - 8*t1 + (5/2)*x + (5/2)*y + (1/2)*(x*x*x*x) + (1/2)*(y*y*y*y), 6*t0 - 16, 0, 6*t1 - 16,)


DERIVED['(x**4 - 16*x**2 + 5*x + y**4 - 16*y**2 + 5*y)/2'] = ('\\frac{x^{4}}{2} - 8 x^{2} + \\frac{5 x}{2} + \\frac{y^{4}}{2} - 8 y^{2} + \\frac{5 y}{2}', ('2 x^{3} - 16 x + \\frac{5}{2}', '2 y^{3} - 16 y + \\frac{5}{2}'), ('6 x^{2} - 16', '0', '6 y^{2} - 16'), False, styblinski_tang_value, styblinski_tang_gradient, styblinski_tang_hessian)


def three_hump_camel_value(x, y):
    return (x*y + 2*(x*x) + y*y - 1.05*x*x*x*x + (1/6)*(x*x*x*x*x*x),)


def three_hump_camel_gradient(x, y, out, k0=array(2, float), k1=array(1.05, float), k2=array((1/6), float), k3=array(4, float), k4=array(4.2, float)):
    (r0, r1, r2,) = out
    (b0, b1, b2,) = [empty_like(r0) for _ in range(3)]
    def work():
        multiply(x, y, b0)
        multiply(x, x, b1)
        multiply(k0, b1, b2)
        add(b0, b2, b2)
        multiply(y, y, b0)
        add(b2, b0, b0)
        multiply(k1, x, b2)
        multiply(b2, x, b2)
        multiply(b2, x, b2)
        multiply(b2, x, b2)
        subtract(b0, b2, b2)
        multiply(b1, x, b1)
        multiply(b1, x, b1)
        multiply(b1, x, b1)
        multiply(b1, x, b0)
        multiply(k2, b0, b0)
        add(b2, b0, r0)
        multiply(k3, x, b0)
        add(b0, y, b0)
        multiply(k4, x, b2)
        multiply(b2, x, b2)
        multiply(b2, x, b2)
        subtract(b0, b2, b2)
        add(b2, b1, r1)
        multiply(k0, y, b1)
        add(x, b1, r2)
    return work


def three_hump_camel_hessian(x, y):
    t0 = x*x
    t1 = x*x*x*x
    return (2*t0 - 1.05*t1 + x*y + y*y + (1/6)*(x*x*x*x*x*x), -12.6*t0 + 5*t1 + 4, 1, 2,)


DERIVED['2*x**2 - 1.05*x**4 + x**6/6 + x*y + y**2'] = ('\\frac{x^{6}}{6} - 1.05 x^{4} + 2 x^{2} + x y + y^{2}', ('x^{5} - 4.2 x^{3} + 4 x + y', 'x + 2 y'), ('5 x^{4} - 12.6 x^{2} + 4', '1', '2'), False, three_hump_camel_value, three_hump_camel_gradient, three_hump_camel_hessian)


def booth_value(x, y):
    return ((x + 2*y - 7)**2 + (2*x + y - 5)**2,)


def booth_gradient(x, y, out, k0=array(2, float), k1=array(7, float), k2=array(5, float), k3=array(10, float), k4=array(8, float), k5=array(34, float), k6=array(38, float)):
    (r0, r1, r2,) = out
    (b0, b1,) = [empty_like(r0) for _ in range(2)]
    def work():
        multiply(k0, y, b0)
        add(x, b0, b0)
        subtract(b0, k1, b0)
        multiply(b0, b0, b0)
        multiply(k0, x, b1)
        add(b1, y, b1)
        subtract(b1, k2, b1)
        multiply(b1, b1, b1)
        add(b0, b1, r0)
        multiply(k3, x, b1)
        multiply(k4, y, b0)
        add(b1, b0, b0)
        subtract(b0, k5, r1)
        multiply(k4, x, b0)
        multiply(k3, y, b1)
        add(b0, b1, b1)
        subtract(b1, k6, r2)
    return work


def booth_hessian(x, y):
    return ((x + 2*y - 7)**2 + (2*x + y - 5)**2, 10, 8, 10,)


DERIVED['(x + 2*y - 7)**2 + (2*x + y - 5)**2'] = ('\\left(x + 2 y - 7\\right)^{2} + \\left(2 x + y - 5\\right)^{2}', ('10 x + 8 y - 34', '8 x + 10 y - 38'), ('10', '8', '10'), False, booth_value, booth_gradient, booth_hessian)


def goldstein_price_value(x, y):
    t0 = x*x
    t1 = y*y
    t2 = x*y
    return (((2*x - 3*y)**2*(12*t0 + 27*t1 - 36*t2 - 32*x + 48*y + 18) + 30)*((x + y + 1)**2*(3*t0 + 3*t1 + 6*t2 - 14*x - 14*y + 19) + 1),)


def goldstein_price_gradient(x, y, out, k0=array(1, float), k1=array(3, float), k2=array(6, float), k3=array(14, float), k4=array(19, float), k5=array(2, float), k6=array(12, float), k7=array(27, float), k8=array(36, float), k9=array(32, float), k10=array(48, float), k11=array(18, float), k12=array(30, float), k13=array(7, float), k14=array((-6), float), k15=array(9, float), k16=array(8, float), k17=array(4, float)):
    (r0, r1, r2,) = out
    (b0, b1, b2, b3, b4, b5, b6, b7, b8, b9,) = [empty_like(r0) for _ in range(10)]
    def work():
        add(x, y, b0)
        add(b0, k0, b0)
        multiply(x, x, b1)
        multiply(y, y, b2)
        multiply(k1, b1, b3)
        multiply(k1, b2, b4)
        add(b3, b4, b4)
        multiply(k2, x, b3)
        multiply(b3, y, b3)
        add(b4, b3, b3)
        multiply(k3, x, b4)
        subtract(b3, b4, b4)
        multiply(k3, y, b3)
        subtract(b4, b3, b3)
        add(b3, k4, b3)
        multiply(b0, b0, b4)
        multiply(b3, b4, b4)
        add(b4, k0, b4)
        multiply(k1, y, b5)
        negative(b5, b6)
        multiply(k5, x, b7)
        add(b6, b7, b7)
        multiply(b7, b7, b6)
        multiply(k6, b1, b1)
        multiply(k7, b2, b2)
        add(b1, b2, b2)
        multiply(k8, x, b1)
        multiply(b1, y, b1)
        subtract(b2, b1, b1)
        multiply(k9, x, b2)
        subtract(b1, b2, b2)
        multiply(k10, y, b1)
        add(b2, b1, b1)
        add(b1, k11, b1)
        multiply(b6, b1, b2)
        add(b2, k12, b2)
        multiply(b0, b2, b8)
        multiply(k1, x, b9)
        add(b5, b9, b9)
        subtract(b9, k13, b9)
        multiply(b0, b9, b9)
        add(b9, b3, b3)
        multiply(b8, b3, b3)
        multiply(k14, x, b8)
        multiply(k15, y, b9)
        add(b8, b9, b9)
        add(b9, k16, b9)
        multiply(b4, b2, r0)
        multiply(k5, b3, b3)
        multiply(k17, b4, b2)
        multiply(b2, b7, b2)
        negative(b9, b8)
        multiply(b8, b7, b8)
        add(b8, b1, b8)
        multiply(b2, b8, b8)
        add(b3, b8, r1)
        multiply(k2, b4, b4)
        multiply(b9, b6, b6)
        multiply(b7, b1, b1)
        subtract(b6, b1, b1)
        multiply(b4, b1, b1)
        add(b3, b1, r2)
    return work


def goldstein_price_hessian(x, y):
    t0 = x + y + 1
    t1 = t0*t0
    t2 = x*x
    t3 = y*y
    t4 = 3*t2 + 3*t3 + 6*x*y - 14*x - 14*y + 19
    t5 = t1*t4 + 1
    t6 = 3*y
    t7 = -t6 + 2*x
    t8 = t7*t7
    t9 = 12*t2 + 27*t3 - 36*x*y - 32*x + 48*y + 18
    t10 = t8*t9 + 30
    t11 = t0*(t6 + 3*x - 7)
    t12 = t10*(3*t1 + 4*t11 + t4)
    t13 = -6*x + 9*y + 8
    t14 = -t13
    t15 = t14*t7
    t16 = 3*t8 + t9
    t17 = t0*(t11 + t4)
    t18 = t17*t7*(t15 + t9)
    t19 = -t7
    t20 = t17*(t13*t8 + t19*t9)
    return (t10*t5, 2*t12 + 16*t18 + 8*t5*(4*t15 + t16), 2*t12 + 8*t18 + 12*t20 + 12*t5*(2*t13*t7 + 2*t14*t19 - t16), 2*t12 + 24*t20 + 18*t5*(4*t13*t19 + t16),)


DERIVED['(1 + (x + y + 1)**2*(19 - 14*x + 3*x**2 - 14*y + 6*x*y + 3*y**2))*(30 + (2*x - 3*y)**2*(18 - 32*x + 12*x**2 + 48*y - 36*x*y + 27*y**2))'] = ('\\left(\\left(2 x - 3 y\\right)^{2} \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right) + 30\\right) \\left(\\left(x + y + 1\\right)^{2} \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right) + 1\\right)', ('\\left(\\left(2 x - 3 y\\right)^{2} \\left(24 x - 36 y - 32\\right) + \\left(8 x - 12 y\\right) \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right)\\right) \\left(\\left(x + y + 1\\right)^{2} \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right) + 1\\right) + \\left(\\left(2 x - 3 y\\right)^{2} \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right) + 30\\right) \\left(\\left(x + y + 1\\right)^{2} \\left(6 x + 6 y - 14\\right) + \\left(2 x + 2 y + 2\\right) \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right)\\right)', '\\left(\\left(- 12 x + 18 y\\right) \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right) + \\left(2 x - 3 y\\right)^{2} \\left(- 36 x + 54 y + 48\\right)\\right) \\left(\\left(x + y + 1\\right)^{2} \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right) + 1\\right) + \\left(\\left(2 x - 3 y\\right)^{2} \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right) + 30\\right) \\left(\\left(x + y + 1\\right)^{2} \\left(6 x + 6 y - 14\\right) + \\left(2 x + 2 y + 2\\right) \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right)\\right)'), ('2 \\left(\\left(2 x - 3 y\\right)^{2} \\left(24 x - 36 y - 32\\right) + \\left(8 x - 12 y\\right) \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right)\\right) \\left(\\left(x + y + 1\\right)^{2} \\left(6 x + 6 y - 14\\right) + \\left(2 x + 2 y + 2\\right) \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right)\\right) + \\left(\\left(2 x - 3 y\\right)^{2} \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right) + 30\\right) \\left(6 x^{2} + 12 x y - 28 x + 6 y^{2} - 28 y + 6 \\left(x + y + 1\\right)^{2} + 2 \\left(2 x + 2 y + 2\\right) \\left(6 x + 6 y - 14\\right) + 38\\right) + \\left(\\left(x + y + 1\\right)^{2} \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right) + 1\\right) \\left(96 x^{2} - 288 x y - 256 x + 216 y^{2} + 384 y + 24 \\left(2 x - 3 y\\right)^{2} + 2 \\left(8 x - 12 y\\right) \\left(24 x - 36 y - 32\\right) + 144\\right)', '\\left(\\left(- 12 x + 18 y\\right) \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right) + \\left(2 x - 3 y\\right)^{2} \\left(- 36 x + 54 y + 48\\right)\\right) \\left(\\left(x + y + 1\\right)^{2} \\left(6 x + 6 y - 14\\right) + \\left(2 x + 2 y + 2\\right) \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right)\\right) + \\left(\\left(2 x - 3 y\\right)^{2} \\left(24 x - 36 y - 32\\right) + \\left(8 x - 12 y\\right) \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right)\\right) \\left(\\left(x + y + 1\\right)^{2} \\left(6 x + 6 y - 14\\right) + \\left(2 x + 2 y + 2\\right) \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right)\\right) + \\left(\\left(2 x - 3 y\\right)^{2} \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right) + 30\\right) \\left(6 x^{2} + 12 x y - 28 x + 6 y^{2} - 28 y + 6 \\left(x + y + 1\\right)^{2} + 2 \\left(2 x + 2 y + 2\\right) \\left(6 x + 6 y - 14\\right) + 38\\right) + \\left(\\left(x + y + 1\\right)^{2} \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right) + 1\\right) \\left(- 144 x^{2} + 432 x y + 384 x - 324 y^{2} - 576 y + \\left(- 12 x + 18 y\\right) \\left(24 x - 36 y - 32\\right) - 36 \\left(2 x - 3 y\\right)^{2} + \\left(8 x - 12 y\\right) \\left(- 36 x + 54 y + 48\\right) - 216\\right)', '2 \\left(\\left(- 12 x + 18 y\\right) \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right) + \\left(2 x - 3 y\\right)^{2} \\left(- 36 x + 54 y + 48\\right)\\right) \\left(\\left(x + y + 1\\right)^{2} \\left(6 x + 6 y - 14\\right) + \\left(2 x + 2 y + 2\\right) \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right)\\right) + \\left(\\left(2 x - 3 y\\right)^{2} \\left(12 x^{2} - 36 x y - 32 x + 27 y^{2} + 48 y + 18\\right) + 30\\right) \\left(6 x^{2} + 12 x y - 28 x + 6 y^{2} - 28 y + 6 \\left(x + y + 1\\right)^{2} + 2 \\left(2 x + 2 y + 2\\right) \\left(6 x + 6 y - 14\\right) + 38\\right) + \\left(\\left(x + y + 1\\right)^{2} \\left(3 x^{2} + 6 x y - 14 x + 3 y^{2} - 14 y + 19\\right) + 1\\right) \\left(216 x^{2} - 648 x y - 576 x + 486 y^{2} + 864 y + 2 \\left(- 12 x + 18 y\\right) \\left(- 36 x + 54 y + 48\\right) + 54 \\left(2 x - 3 y\\right)^{2} + 324\\right)'), False, goldstein_price_value, goldstein_price_gradient, goldstein_price_hessian)


def levy_value(x, y):
    t0 = (1/4)*pi*(x + 3)
    return ((1/16)*(x - 1)**2*(10*sin(t0 + 1)**2 + 1) + (1/16)*(y - 1)**2*(sin((1/2)*pi*(y + 3))**2 + 1) + sin(t0)**2,)


def levy_gradient(x, y, out, k0=array(3, float), k1=array(((1/4)*pi), float), k2=array(1, float), k3=array(10, float), k4=array(((1/2)*pi), float), k5=array((1/16), float), k6=array((1/8), float), k7=array(((5/16)*pi), float), k8=array(2, float), k9=array(pi, float)):
    (r0, r1, r2,) = out
    (b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13,) = [empty_like(r0) for _ in range(14)]
    def work():
        add(x, k0, b0)
        multiply(k1, b0, b0)
        sin(b0, out=b1)
        subtract(x, k2, b2)
        multiply(b2, b2, b3)
        add(b0, k2, b4)
        sin(b4, out=b5)
        multiply(b5, b5, b6)
        multiply(k3, b6, b6)
        add(k2, b6, b6)
        subtract(y, k2, b7)
        add(y, k0, b8)
        multiply(k4, b8, b8)
        sin(b8, out=b9)
        multiply(b9, b9, b10)
        multiply(k5, b3, b11)
        multiply(b11, b6, b11)
        add(b10, k2, b12)
        multiply(k5, b12, b12)
        multiply(b7, b7, b13)
        multiply(b12, b13, b13)
        add(b11, b13, b13)
        multiply(b1, b1, b11)
        add(b13, b11, r0)
        multiply(k4, b1, b1)
        cos(b0, out=b0)
        multiply(b1, b0, b0)
        multiply(k6, b2, b2)
        multiply(b2, b6, b6)
        add(b0, b6, b6)
        multiply(k7, b3, b3)
        multiply(b3, b5, b5)
        cos(b4, out=b4)
        multiply(b5, b4, b4)
        add(b6, b4, r1)
        multiply(k5, b7, b4)
        multiply(k8, b10, b10)
        multiply(k9, b7, b7)
        multiply(b7, b9, b9)
        cos(b8, out=b8)
        multiply(b9, b8, b8)
        add(b10, b8, b8)
        add(b8, k8, b8)
        multiply(b4, b8, r2)
    return work


def levy_hessian(x, y):
    t0 = (1/4)*pi*(x + 3)
    t1 = sin(t0)**2
    t2 = x - 1
    t3 = t2*t2
    t4 = t0 + 1
    t5 = sin(t4)
    t6 = t5*t5
    t7 = y - 1
    t8 = t7*t7
    t9 = (1/2)*pi*(y + 3)
    t10 = sin(t9)
    t11 = t10*t10
    t12 = pi**2
    t13 = 8*t12
    t14 = 5*t12*t3
    t15 = cos(t4)
    t16 = cos(t9)
    t17 = t12*t8
    return (t1 + (1/16)*t3*(10*t6 + 1) + (1/16)*t8*(t11 + 1), -1/64*t1*t13 + (1/64)*t13*cos(t0)**2 - 1/64*t14*t6 + (1/64)*t14*(t15*t15) + (5/4)*pi*t15*t2*t5 + (5/4)*t6 + 1/8, 0, (1/4)*pi*t10*t16*t7 - 1/32*t11*t17 + (1/8)*t11 + (1/32)*t17*(t16*t16) + 1/8,)


DERIVED['sin(pi*(x + 3)/4)**2 + ((x - 1)/4)**2*(1 + 10*sin(pi*(x + 3)/4 + 1)**2) + ((y - 1)/4)**2*(1 + sin(pi*(y + 3)/2)**2)'] = ('\\left(\\frac{x}{4} - \\frac{1}{4}\\right)^{2} \\left(10 \\sin^{2}\\left(\\frac{\\pi \\left(x + 3\\right)}{4} + 1\\right) + 1\\right) + \\left(\\frac{y}{4} - \\frac{1}{4}\\right)^{2} \\left(\\sin^{2}\\left(\\frac{\\pi \\left(y + 3\\right)}{2}\\right) + 1\\right) + \\sin^{2}\\left(\\frac{\\pi \\left(x + 3\\right)}{4}\\right)', ('\\left(\\frac{x}{8} - \\frac{1}{8}\\right) \\left(10 \\sin^{2}\\left(\\frac{\\pi \\left(x + 3\\right)}{4} + 1\\right) + 1\\right) + 5 \\pi \\left(\\frac{x}{4} - \\frac{1}{4}\\right)^{2} \\sin\\left(\\frac{\\pi \\left(x + 3\\right)}{4} + 1\\right) \\cos\\left(\\frac{\\pi \\left(x + 3\\right)}{4} + 1\\right) + \\frac{\\pi \\sin\\left(\\frac{\\pi \\left(x + 3\\right)}{4}\\right) \\cos\\left(\\frac{\\pi \\left(x + 3\\right)}{4}\\right)}{2}', '\\left(\\frac{y}{8} - \\frac{1}{8}\\right) \\left(\\sin^{2}\\left(\\frac{\\pi \\left(y + 3\\right)}{2}\\right) + 1\\right) + \\pi \\left(\\frac{y}{4} - \\frac{1}{4}\\right)^{2} \\sin\\left(\\frac{\\pi \\left(y + 3\\right)}{2}\\right) \\cos\\left(\\frac{\\pi \\left(y + 3\\right)}{2}\\right)'), ('10 \\pi \\left(\\frac{x}{8} - \\frac{1}{8}\\right) \\sin\\left(\\frac{\\pi \\left(x + 3\\right)}{4} + 1\\right) \\cos\\left(\\frac{\\pi \\left(x + 3\\right)}{4} + 1\\right) - \\frac{5 \\pi^{2} \\left(\\frac{x}{4} - \\frac{1}{4}\\right)^{2} \\sin^{2}\\left(\\frac{\\pi \\left(x + 3\\right)}{4} + 1\\right)}{4} + \\frac{5 \\pi^{2} \\left(\\frac{x}{4} - \\frac{1}{4}\\right)^{2} \\cos^{2}\\left(\\frac{\\pi \\left(x + 3\\right)}{4} + 1\\right)}{4} - \\frac{\\pi^{2} \\sin^{2}\\left(\\frac{\\pi \\left(x + 3\\right)}{4}\\right)}{8} + \\frac{5 \\sin^{2}\\left(\\frac{\\pi \\left(x + 3\\right)}{4} + 1\\right)}{4} + \\frac{\\pi^{2} \\cos^{2}\\left(\\frac{\\pi \\left(x + 3\\right)}{4}\\right)}{8} + \\frac{1}{8}', '0', '2 \\pi \\left(\\frac{y}{8} - \\frac{1}{8}\\right) \\sin\\left(\\frac{\\pi \\left(y + 3\\right)}{2}\\right) \\cos\\left(\\frac{\\pi \\left(y + 3\\right)}{2}\\right) - \\frac{\\pi^{2} \\left(\\frac{y}{4} - \\frac{1}{4}\\right)^{2} \\sin^{2}\\left(\\frac{\\pi \\left(y + 3\\right)}{2}\\right)}{2} + \\frac{\\pi^{2} \\left(\\frac{y}{4} - \\frac{1}{4}\\right)^{2} \\cos^{2}\\left(\\frac{\\pi \\left(y + 3\\right)}{2}\\right)}{2} + \\frac{\\sin^{2}\\left(\\frac{\\pi \\left(y + 3\\right)}{2}\\right)}{8} + \\frac{1}{8}'), False, levy_value, levy_gradient, levy_hessian)


def plateau_value(x, y):
    return (1 - exp(-(x - 1)**2 - (y - 0.5)**2),)


def plateau_gradient(x, y, out, k0=array(1, float), k1=array(0.5, float), k2=array(2, float), k3=array(1.0, float)):
    (r0, r1, r2,) = out
    (b0, b1, b2,) = [empty_like(r0) for _ in range(3)]
    def work():
        subtract(x, k0, b0)
        subtract(y, k1, b1)
        multiply(b1, b1, b1)
        negative(b1, b1)
        multiply(b0, b0, b2)
        subtract(b1, b2, b2)
        exp(b2, out=b2)
        subtract(k0, b2, r0)
        multiply(k2, b0, b0)
        multiply(b0, b2, r1)
        negative(b2, b2)
        multiply(k2, y, b0)
        subtract(k3, b0, b0)
        multiply(b2, b0, r2)
    return work


def plateau_hessian(x, y):
    t0 = x - 1
    t1 = exp(-(y - 0.5)**2 - (t0*t0))
    t2 = -t0
    t3 = 2*t1
    t4 = 1.0 - 2*y
    return (1 - t1, t3*(1 - 2*t2*t2), -t2*t3*t4, t1*(2 - (t4*t4)),)


DERIVED['1 - exp(-(x - 1)**2 - (y - 0.5)**2)'] = ('1 - e^{- \\left(x - 1\\right)^{2} - \\left(y - 0.5\\right)^{2}}', ('- \\left(2 - 2 x\\right) e^{- \\left(x - 1\\right)^{2} - \\left(y - 0.5\\right)^{2}}', '- \\left(1.0 - 2 y\\right) e^{- \\left(x - 1\\right)^{2} - \\left(y - 0.5\\right)^{2}}'), ('- \\left(2 - 2 x\\right)^{2} e^{- \\left(x - 1\\right)^{2} - \\left(y - 0.5\\right)^{2}} + 2 e^{- \\left(x - 1\\right)^{2} - \\left(y - 0.5\\right)^{2}}', '- \\left(1.0 - 2 y\\right) \\left(2 - 2 x\\right) e^{- \\left(x - 1\\right)^{2} - \\left(y - 0.5\\right)^{2}}', '- \\left(1.0 - 2 y\\right)^{2} e^{- \\left(x - 1\\right)^{2} - \\left(y - 0.5\\right)^{2}} + 2 e^{- \\left(x - 1\\right)^{2} - \\left(y - 0.5\\right)^{2}}'), False, plateau_value, plateau_gradient, plateau_hessian)


def noisy_bowl_value(x, y):
    return (-0.15*cos(4*x - 9*y) - 0.15*cos(7*x + 3*y) + 0.3 + (1/2)*(x*x) + (1/2)*(y*y),)


def noisy_bowl_gradient(x, y, out, k0=array(4, float), k1=array(9, float), k2=array(7, float), k3=array(3, float), k4=array((-0.15), float), k5=array(0.15, float), k6=array(0.3, float), k7=array((1/2), float), k8=array(1.05, float), k9=array(0.6, float), k10=array(0.45, float), k11=array(1.35, float)):
    (r0, r1, r2,) = out
    (b0, b1, b2, b3,) = [empty_like(r0) for _ in range(4)]
    def work():
        multiply(k0, x, b0)
        multiply(k1, y, b1)
        subtract(b0, b1, b1)
        multiply(k2, x, b0)
        multiply(k3, y, b2)
        add(b0, b2, b2)
        sin(b2, out=b0)
        sin(b1, out=b3)
        cos(b1, out=b1)
        multiply(k4, b1, b1)
        cos(b2, out=b2)
        multiply(k5, b2, b2)
        subtract(b1, b2, b2)
        add(b2, k6, b2)
        multiply(x, x, b1)
        multiply(k7, b1, b1)
        add(b2, b1, b1)
        multiply(y, y, b2)
        multiply(k7, b2, b2)
        add(b1, b2, r0)
        multiply(k8, b0, b2)
        multiply(k9, b3, b1)
        add(b2, b1, b1)
        add(b1, x, r1)
        multiply(k10, b0, b0)
        multiply(k11, b3, b3)
        subtract(b0, b3, b3)
        add(b3, y, r2)
    return work


def noisy_bowl_hessian(x, y):
    t0 = cos(4*x - 9*y)
    t1 = cos(7*x + 3*y)
    return (-0.15*t0 - 0.15*t1 + 0.3 + (1/2)*(x*x) + (1/2)*(y*y), 2.4*t0 + 7.35*t1 + 1, -5.4*t0 + 3.15*t1, 12.15*t0 + 1.35*t1 + 1,)


DERIVED['(x**2 + y**2)/2 + 0.15*(2 - cos(7*x + 3*y) - cos(4*x - 9*y))'] = ('\\frac{x^{2}}{2} + \\frac{y^{2}}{2} - 0.15 \\cos\\left(4 x - 9 y\\right) - 0.15 \\cos\\left(7 x + 3 y\\right) + 0.3', ('x + 0.6 \\sin\\left(4 x - 9 y\\right) + 1.05 \\sin\\left(7 x + 3 y\\right)', 'y - 1.35 \\sin\\left(4 x - 9 y\\right) + 0.45 \\sin\\left(7 x + 3 y\\right)'), ('2.4 \\cos\\left(4 x - 9 y\\right) + 7.35 \\cos\\left(7 x + 3 y\\right) + 1', '- 5.4 \\cos\\left(4 x - 9 y\\right) + 3.15 \\cos\\left(7 x + 3 y\\right)', '12.15 \\cos\\left(4 x - 9 y\\right) + 1.35 \\cos\\left(7 x + 3 y\\right) + 1'), False, noisy_bowl_value, noisy_bowl_gradient, noisy_bowl_hessian)
