#include "commands/verb.hpp"

namespace mambasynth::commands {
namespace {

constexpr char const* about_experiments = "Experiments";
constexpr char const* about_networks = "A trained network";
constexpr char const* about_data = "Data";
constexpr char const* about_machine = "This machine";

constexpr Verb all_verbs[] = {
    {.name = "train",
     .summary = "train one network and measure what it learned",
     .declare = declare_train,
     .purpose = about_experiments,
     .sentence = "Train one network, and measure its best checkpoint: errors by horizon, intrinsic dimension, probes. "
                 "Run it again to continue.",
     .examples = {{{"mambasynth train --n-steps 20000 --epochs 20 --out run", ""},
                   {"mambasynth train --data series --gate-lr-factor 0.1 --out run", ""}}}},
    {.name = "sweep",
     .summary = "run a sweep of trials over MPI ranks",
     .declare = declare_sweep,
     .purpose = about_experiments,
     .sentence =
         "Run a sweep of trials over MPI ranks: a file, axes and seeds given as flags, or both. Run it again to "
         "continue.",
     .examples = {{{"mpirun -n 8 mambasynth sweep sweeps/gate_lr.toml --out runs/gate_lr", ""},
                   {"mambasynth sweep --axis train.gate_lr_factor=0,0.1,1 --seeds 42:47 --dry-run", ""}}}},
    {.name = "status",
     .summary = "show the progress of a sweep",
     .declare = declare_status,
     .purpose = about_experiments,
     .sentence = "Show how far a sweep is: trials by state, what is running, the time left. It can run at any time.",
     .examples = {{{"mambasynth status runs/gate_lr", ""}, {"mambasynth status runs/gate_lr --watch --every 30", ""}}}},
    {.name = "evaluate",
     .summary = "measure its layers: intrinsic dimension, probes, similarity, UMAP",
     .declare = declare_evaluate,
     .purpose = about_networks,
     .sentence = "Measure what each layer of a network represents, next to controls.",
     .examples = {{{"mambasynth evaluate --checkpoint run/checkpoint.pt --data series", ""},
                   {"mambasynth evaluate --checkpoint run/checkpoint.pt --umap off --activations", ""}}}},
    {.name = "generate",
     .summary = "let it continue a series, optionally with bursts of noise",
     .declare = declare_generate,
     .purpose = about_networks,
     .sentence = "Continue a series step by step, and compare the continuation with the process that generated it.",
     .examples = {{{"mambasynth generate --checkpoint run/checkpoint.pt --gen-len 2048", ""},
                   {"mambasynth generate --checkpoint run/checkpoint.pt --perturb-interval 200", ""}}}},
    {.name = "gates",
     .summary = "show its gate signals, and how they change around switches",
     .declare = declare_gates,
     .purpose = about_networks,
     .sentence =
         "Show the signals that control the blocks (delta, z, B, C) on windows of a series, and their statistics "
         "around switches of the circle.",
     .examples = {{{"mambasynth gates --checkpoint run/checkpoint.pt --data series", ""},
                   {"mambasynth gates --checkpoint run/checkpoint.pt --layer 7 --sample 0", ""}}}},
    {.name = "convert",
     .summary = "convert its weights between .pt and .safetensors",
     .declare = declare_convert,
     .purpose = about_networks,
     .sentence = "Convert the weights of a network. The names of the files give the formats.",
     .examples = {{{"mambasynth convert run/checkpoint.pt weights.safetensors", ""},
                   {"mambasynth convert weights.safetensors checkpoint.pt", ""}}}},
    {.name = "data",
     .summary = "generate a Markov-switching series",
     .declare = declare_data,
     .purpose = about_data,
     .sentence = "Generate a series that jumps between noisy circles, driven by a Markov chain.",
     .examples = {{{"mambasynth data --out series", ""},
                   {"mambasynth data --n-steps 1e6 --noise-std 1 --no-umap --out long", ""}}}},
    {.name = "oracle",
     .summary = "the smallest error that any predictor of a series can reach",
     .declare = declare_oracle,
     .purpose = about_data,
     .sentence = "Run the exact Bayes filter of the generator over a series: the smallest mean squared error that any "
                 "predictor can reach, by horizon.",
     .examples = {{{"mambasynth oracle --data series", ""},
                   {"mpirun -n 4 mambasynth oracle --n-steps 1e7 --horizons 1,10,100 --out long", ""}}}},
    {.name = "dimension",
     .summary = "the intrinsic dimension of any array: a series, .npy, .npz, HDF5",
     .declare = declare_dimension,
     .purpose = about_data,
     .sentence = "Estimate the intrinsic dimension of the rows of any array, from exact neighbors.",
     .examples = {{{"mambasynth dimension --data series --points 10000", ""},
                   {"mambasynth dimension --data activations.h5 --array /activation/layer_3", ""}}}},
    {.name = "doctor",
     .summary = "check this machine or job for problems",
     .declare = declare_doctor,
     .purpose = about_machine,
     .sentence = "Check what this machine or job offers, and what is wrong with it. Start it alone, or like the job.",
     .examples = {{{"srun --mpi=pmix mambasynth doctor --out runs/gate_lr", ""},
                   {"mambasynth doctor --job --partition gpu", ""}}},
     .notes = "Exit code 1: there are errors to correct first."},
    {.name = "bench",
     .summary = "time kernels and training steps",
     .declare = declare_bench,
     .purpose = about_machine,
     .sentence = "Time kernels, training steps, and other parts of the program.",
     .examples = {{{"mambasynth bench scan step --json now.json", ""},
                   {"mambasynth bench --batch-size 128 --seq-len 1024 --against now.json", ""}}}},
};

}  // namespace

std::span<Verb const> verbs() { return all_verbs; }

}  // namespace mambasynth::commands
