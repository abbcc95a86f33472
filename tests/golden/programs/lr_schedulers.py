"""Learning rates over a thousand updates, and what schedulers log."""

_LOGGED = """
import logging
lines = []
class Handler(logging.Handler):
    def emit(self, record):
        lines.append((record.name, record.levelname, record.getMessage()))
logger, handler = logging.getLogger(), Handler()
before = logger.level
logger.addHandler(handler)
logger.setLevel(logging.INFO)
try:
    rates = np.array([schedule(n) for n in NUMBERS])
finally:
    logger.removeHandler(handler)
    logger.setLevel(before)
def plain(value):
    return float(value) if isinstance(value, float) else value
answer = rates[:50], rates[50::7], lines, {k: plain(v) for k, v in vars(schedule).items()}
"""

_SCHEDULES = [
    "FactorScheduler(100)",
    "FactorScheduler(100, 0.5)",
    "FactorScheduler(step=7, factor=0.9, base_lr=0.5)",
    "FactorScheduler(150, 0.1, stop_factor_lr=1e-4, base_lr=0.3)",
    "FactorScheduler(100, 0.5, base_lr=0.4, warmup_steps=250, warmup_begin_lr=0.1)",
    "FactorScheduler(100, 0.5, base_lr=0.4, warmup_steps=50, warmup_mode='constant', warmup_begin_lr=0.02)",
    "FactorScheduler(2.5, 0.99)",
    "MultiFactorScheduler([300, 600, 900], 0.1)",
    "MultiFactorScheduler(step=[1, 2, 3, 999], factor=0.5, base_lr=1.0)",
    "MultiFactorScheduler([100, 400], 0.3, base_lr=0.4, warmup_steps=200, warmup_begin_lr=0.05)",
    "MultiFactorScheduler([100, 400], 0.3, base_lr=0.4, warmup_steps=200, warmup_mode='constant')",
    "PolyScheduler(1000)",
    "PolyScheduler(500, base_lr=0.3, pwr=1, final_lr=0.01)",
    "PolyScheduler(800, 0.3, pwr=0.5, warmup_steps=100, warmup_begin_lr=0.1)",
    "PolyScheduler(800, 0.3, 3, 0.2, 100, 0.1, 'constant')",
    "CosineScheduler(1000)",
    "CosineScheduler(500, base_lr=0.3, final_lr=0.01)",
    "CosineScheduler(800, 0.3, 0.02, 100, 0.1, 'linear')",
    "CosineScheduler(800, 0.3, warmup_steps=100, warmup_mode='constant', warmup_begin_lr=0.2)",
    "CosineScheduler(50, warmup_steps=100)",
    "PolyScheduler(50, warmup_steps=100, base_lr=0.5)",
]

PROGRAMS = {}
for _one in _SCHEDULES:
    for _numbers in ("range(1001)", "[0, 1, 500, 1000, 3, 2000]"):
        PROGRAMS[f"{_one} at {_numbers}"] = (f"schedule = mx.lr_scheduler.{_one}\nNUMBERS = {_numbers}", _LOGGED)
PROGRAMS.update(
    {
        "warm-up": """
            answer = []
            for mode in ("linear", "constant"):
                schedule = mx.lr_scheduler.LRScheduler(0.4, 5, 0.1, mode)
                answer.append([schedule.get_warmup_lr(n) for n in range(5)])
            """,
        "base rate set afterwards": """
            answer = []
            for schedule in (mx.lr_scheduler.FactorScheduler(3, 0.5, base_lr=0.3, warmup_steps=2),
                             mx.lr_scheduler.MultiFactorScheduler([3, 5], 0.5),
                             mx.lr_scheduler.PolyScheduler(6, 0.5), mx.lr_scheduler.CosineScheduler(6, 0.5)):
                schedule.base_lr = 3.0
                answer.append([float(schedule(n)) for n in range(9)])
            """,
        "base class": "mx.lr_scheduler.LRScheduler()(1)",
        "a scheduler of one's own": """
            class Halves(mx.lr_scheduler.LRScheduler):
                def __init__(self, **kwargs):
                    super().__init__(**kwargs)
                def __call__(self, num_update):
                    if num_update < self.warmup_steps:
                        return self.get_warmup_lr(num_update)
                    return self.base_lr / 2 ** num_update
            opt = mx.optimizer.SGD(learning_rate=0.5, lr_scheduler=Halves(warmup_steps=2))
            answer = []
            for _ in range(5):
                opt._update_count(0)
                answer.append(opt._get_lr(0))
            """,
        "warm-up of a wrong mode": "mx.lr_scheduler.FactorScheduler(2, warmup_mode='sudden')",
        "warm-up of negative length": "mx.lr_scheduler.FactorScheduler(2, warmup_steps=-1)",
        "warm-up from above": "mx.lr_scheduler.FactorScheduler(2, base_lr=0.1, warmup_begin_lr=0.5)",
        "step of 0": "mx.lr_scheduler.FactorScheduler(0)",
        "growing factor": "mx.lr_scheduler.FactorScheduler(2, 1.1)",
        "growing factors": "mx.lr_scheduler.MultiFactorScheduler([1, 3], 1.2)",
        "steps that fall": "mx.lr_scheduler.MultiFactorScheduler([3, 2])",
        "steps twice": "mx.lr_scheduler.MultiFactorScheduler([3, 3])",
        "steps from 0": "mx.lr_scheduler.MultiFactorScheduler([0, 3])",
        "poly of 0": "mx.lr_scheduler.PolyScheduler(0)",
        "cosine of 0": "mx.lr_scheduler.CosineScheduler(0)",
    }
)
