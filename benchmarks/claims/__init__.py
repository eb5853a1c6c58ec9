"""The paper's claims at a small size: joint against single tasks, and which streams are joined to the latent.

    python -m benchmarks.claims DATA RUNS [NAMES...] [--steps 800] [--seeds 2] [--plan]

`DATA` is what `model synthesise` made, or is still making. Every arm of `arms.ARMS` (or those named) is trained from
scratch in RUNS; one that was stopped goes on. Then docs/evaluation/claims.md and its picture are written from all that
RUNS holds; `model evaluate -o docs` puts them into its page.

**Equal examples.** In the paper joint and single models saw equally many examples of each task, so that the joint one
made as many updates as both together. So here: a single task has N updates of 16 windows, joint training 2 N updates of
the same 16, 8 of each task. Its batches are mixed, as the paper's and the product's are; since momentum averages some
twenty updates, single-task batches in turn would move the weights by nearly the same. Beside them stand single tasks
with as much work as the joint one (2 N updates, twice the examples), and joint training with N updates, which had been
compared before. Two arms are to help joint training: `balanced` divides each task's loss by its running mean; `parts`
gives each task feed-forward layers of its own, while attention is shared (Mixture-of-Transformers, arXiv 2411.04996).

**Learning rates** are each arm's own: the best of three at N / 5 updates by held-out loss, the mean of its logarithm
where there are two tasks. A schedule is as long as its run: a model on its way is not yet cooled down.

**Measured**: the held-out loss, by task and by fifth of t, every 50 updates of a single task (100 of a joint model: as
many examples); a quarter through, half through and at the end what is heard of held-out sentences and sounds whose
conditions are the true ones. What is larger than the seeds' spread, the page says in numbers.

**Time**: N = 800 updates of 16 windows of 3 s, by 2.4 million parameters. Everything is 33 N updates: 3 for the rates,
13 for each of two seeds, 4 for the routes, one seed of which is trained last. At 0.19 s an update and a minute for
listening to both tasks that is 2 1/4 hours of one core; `--plan` measures an update and says what is left.

    OMP_NUM_THREADS=1 python -m benchmarks.claims DATA RUNS --plan

What judges needs `pip install -e '.[evaluate]'`. RUNS keeps the data and the listening as they were at the first start.

The models have the reference's form: time as a token, rotary queries in cross-attention. Since only queries turn there,
what is attended to would have no place in time; here streams that follow time carry it as a sinusoid.
"""
