#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>

#include "config/field.hpp"

/// Every key of a trial's configuration with its default, bounds and help: the one place for each number.
namespace mambasynth::config {

/// The generator of the series. Defaults: the original's config.json.
struct Data {
  std::int64_t seed = 42;
  std::int64_t n_steps = 100000;
  std::int64_t n_circles = 10;
  std::int64_t ambient_dim = 20;
  double radius_mean = 20.0;
  double radius_std = 2.0;
  double noise_std = 2.83;
  double dwell_mean = 400;
  double dwell_std = 100;
  std::int64_t min_period = 40;
  std::int64_t max_period = 400;
  std::int64_t subspace_dim = 0;
  double drift_std = 0;
  std::optional<std::int64_t> path_seed;
  std::optional<std::int64_t> test_path_seed;
  std::optional<std::int64_t> test_n_steps;
  std::string path;

  static constexpr std::string_view section = "data";
  static auto fields() {
    return std::tuple{
        Field{"seed", &Data::seed, at_least(0), "seed of circles, transition matrix and entry angles"},
        Field{"n_steps", &Data::n_steps, at_least(1), "time steps"},
        Field{"n_circles", &Data::n_circles, at_least(1), "circles, one per hidden state"},
        Field{"ambient_dim", &Data::ambient_dim, at_least(2), "channels of the series"},
        Field{"radius_mean", &Data::radius_mean, above(0), "mean radius"},
        Field{"radius_std", &Data::radius_std, at_least(0), "standard deviation of the radii"},
        Field{"noise_std", &Data::noise_std, at_least(0), "standard deviation of the noise of each channel"},
        Field{"dwell_mean", &Data::dwell_mean, above(0), "mean of a visit's length in steps, before rounding to revolutions"},
        Field{"dwell_std", &Data::dwell_std, at_least(0), "its standard deviation"},
        Field{"min_period", &Data::min_period, at_least(1), "steps of a revolution, first circle"},
        Field{"max_period", &Data::max_period, at_least(1), "steps of a revolution, last circle"},
        Field{"subspace_dim", &Data::subspace_dim, at_least(0), "dimension of the subspace that holds all circles; 0 = the full space"},
        Field{"drift_std", &Data::drift_std, at_least(0), "standard deviation of each step of the random walk of a circle's centre, in each channel; 0 = centres at the origin", Effect::result_unless_default},
        Field{"path_seed", &Data::path_seed, at_least(0), "seed of the path: visits and noise [default: data.seed]"},
        Field{"test_path_seed", &Data::test_path_seed, at_least(0), "path seed of the test series [default: data.seed + 1]"},
        Field{"test_n_steps", &Data::test_n_steps, at_least(1), "steps of the test series [default: data.n_steps]"},
        Field{"path", &Data::path, any(), "an existing series: data.npz, series.h5 or their folder; empty = generate one", Effect::none},
    };
  }
  [[nodiscard]] std::int64_t resolved_path_seed() const { return path_seed.value_or(seed); }
  [[nodiscard]] std::int64_t resolved_test_path_seed() const { return test_path_seed.value_or(seed + 1); }
  [[nodiscard]] std::int64_t resolved_test_n_steps() const { return test_n_steps.value_or(n_steps); }
};

/// The network (Gu & Dao 2023, arXiv:2312.00752, Mamba-1 blocks).
struct Model {
  std::int64_t d_model = 128;
  std::int64_t n_layers = 7;
  std::int64_t d_state = 32;
  std::int64_t d_conv = 4;
  std::int64_t expand = 2;
  std::int64_t d_ff = 512;
  double dropout = 0.1;
  std::int64_t max_horizon = 1;

  static constexpr std::string_view section = "model";
  static auto fields() {
    return std::tuple{
        Field{"d_model", &Model::d_model, at_least(1), "width of the residual stream"},
        Field{"n_layers", &Model::n_layers, at_least(1), "Mamba blocks"},
        Field{"d_state", &Model::d_state, between(1, 256), "states of each inner channel"},
        Field{"d_conv", &Model::d_conv, between(2, 8), "taps of the causal convolution"},
        Field{"expand", &Model::expand, at_least(1), "inner channels per model channel"},
        Field{"d_ff", &Model::d_ff, at_least(1), "hidden width of each output head"},
        Field{"dropout", &Model::dropout, between(0, 0.99), "dropout probability"},
        Field{"max_horizon", &Model::max_horizon, at_least(1), "prediction horizons 1, 2, 4, ... up to this one, itself included"},
    };
  }
  [[nodiscard]] std::int64_t d_inner() const { return expand * d_model; }
  [[nodiscard]] std::int64_t dt_rank() const { return (d_model + 15) / 16; }
  /// 1, 2, 4, ... <= max_horizon, then max_horizon itself where it is no power of two.
  [[nodiscard]] Integers horizons() const;
};

/// Training. Defaults: the original's documented run.
struct Train {
  std::int64_t seed = 42;
  std::int64_t seq_len = 1024;
  std::int64_t stride = 256;
  std::int64_t batch_size = 128;
  double lr = 3e-4;
  std::int64_t warmup_epochs = 20;
  std::int64_t epochs = 500;
  double val_fraction = 0.1;
  double gate_lr_factor = 1.0;
  std::string lr_floor = "group";
  std::string split = "blocked";
  std::int64_t num_workers = 3;
  bool train_eval = false;
  std::int64_t test_every = 10;
  std::string precision = "auto";
  double resume_every = 60;
  double comm_timeout = 300;
  bool freeze_a = false;
  double slowness_lambda = 0;
  double contrastive_lambda = 0;
  double contrastive_temp = 0.07;
  std::int64_t contrastive_negatives = 256;
  bool aug_rotate = false;
  double aug_rotate_eps = 0;
  double aug_scale = 0;
  double aug_noise = 0;

  static constexpr std::string_view section = "train";
  static auto fields() {
    constexpr auto later = Effect::result_unless_default;
    return std::tuple{
        Field{"seed", &Train::seed, at_least(0), "seed of initial weights, split, batch order and dropout"},
        Field{"seq_len", &Train::seq_len, at_least(2), "steps of a window"},
        Field{"stride", &Train::stride, at_least(1), "steps between window starts"},
        Field{"batch_size", &Train::batch_size, at_least(1), "windows of a batch"},
        Field{"lr", &Train::lr, at_least(0), "peak learning rate"},
        Field{"warmup_epochs", &Train::warmup_epochs, at_least(0), "epochs of linear warm-up from 1 % of the rate"},
        Field{"epochs", &Train::epochs, at_least(1), "epochs"},
        Field{"val_fraction", &Train::val_fraction, between(0, 0.9), "share held back for validation"},
        Field{"gate_lr_factor", &Train::gate_lr_factor, at_least(0), "learning-rate factor of x_proj and dt_proj; 0 freezes them"},
        Field{"lr_floor", &Train::lr_floor, one_of({"group", "global"}), "floor of the cosine: 1 % of each group's own rate, or of --lr for both (the original)"},
        Field{"split", &Train::split, one_of({"blocked", "random"}), "validation at the end of the series behind a gap, or random windows (the original's, which leaks)"},
        Field{"num_workers", &Train::num_workers, at_least(0), "selects the original's order of random draws: 0, or more than 0"},
        Field{"train_eval", &Train::train_eval, any(), "measure the training windows without dropout each epoch"},
        Field{"test_every", &Train::test_every, at_least(1), "epochs between measurements on the test series"},
        Field{"precision", &Train::precision, one_of({"auto", "bf16", "fp32"}), "auto = bf16 on CUDA, fp32 on the CPU"},
        Field{"resume_every", &Train::resume_every, at_least(0), "seconds between saved states", Effect::none},
        Field{"comm_timeout", &Train::comm_timeout, above(0), "seconds until a silent rank counts as lost", Effect::none},
        Field{"freeze_a", &Train::freeze_a, any(), "do not train A_log", later},
        Field{"slowness_lambda", &Train::slowness_lambda, at_least(0), "weight of the slowness loss: mean square of the residual stream's change from step to step", later},
        Field{"contrastive_lambda", &Train::contrastive_lambda, at_least(0), "weight of the contrastive loss: each step's next one among drawn steps, by cosine", later},
        Field{"contrastive_temp", &Train::contrastive_temp, above(0), "its temperature", later},
        Field{"contrastive_negatives", &Train::contrastive_negatives, at_least(1), "steps that it draws of each batch and layer", later},
        Field{"aug_rotate", &Train::aug_rotate, any(), "rotate each training batch at random", later},
        Field{"aug_rotate_eps", &Train::aug_rotate_eps, at_least(0), "small rotations, exp(eps (M - M^T) / 2) with M standard normal; 0 = any rotation", later},
        Field{"aug_scale", &Train::aug_scale, between(0, 1), "a: scale each training window by a factor from 1 - a to 1 + a", later},
        Field{"aug_noise", &Train::aug_noise, at_least(0), "standard deviation of noise on the training input, the target keeps none of it", later},
    };
  }
  /// The loss takes all windows of a batch at once: no parts of it, no ranks that share it.
  [[nodiscard]] bool needs_whole_batch() const { return contrastive_lambda > 0; }
};

/// UMAP wherever it is drawn; defaults: the original's.
inline constexpr std::int64_t umap_points = 10000, umap_neighbors = 50;
inline constexpr double umap_min_dist = 0.3;
inline constexpr std::int64_t umap_seed = 42;

/// What is measured on a checkpoint.
struct Evaluate {
  Integers lb_k = {10, 30, 100};
  std::int64_t lb_points = 2000;
  std::int64_t dimension_points = 0;
  std::int64_t blocks = 20;
  bool controls = true;
  bool probes = true;
  std::int64_t probe_points = 5000;
  bool similarity = true;
  std::int64_t similarity_points = 4000;
  std::int64_t shared_points = 250;
  std::int64_t overlap_k = 30;
  std::int64_t overlap_theiler = 500;
  std::string umap = "auto";
  std::int64_t umap_points = config::umap_points;
  std::int64_t umap_neighbors = config::umap_neighbors;
  double umap_min_dist = config::umap_min_dist;
  std::int64_t pca = 0;
  bool activations = false;
  bool gates = false;

  static constexpr std::string_view section = "evaluate";
  static auto fields() {
    return std::tuple{
        Field{"lb_k", &Evaluate::lb_k, at_least(3), "neighbours k of the intrinsic-dimension estimators", Effect::none},
        Field{"lb_points", &Evaluate::lb_points, at_least(4), "rows of the intrinsic-dimension estimators", Effect::none},
        Field{"umap", &Evaluate::umap, one_of({"auto", "on", "off"}), "embed rows of every layer in the plane by UMAP and PCA; auto = of a checkpoint (evaluate), not of each trial", Effect::none},
        Field{"umap_points", &Evaluate::umap_points, at_least(2), "rows drawn for UMAP before those of the estimators", Effect::none},
        Field{"dimension_points", &Evaluate::dimension_points, at_least(0), "rows of all estimators but the original's; 0 = the same rows as it", Effect::none},
        Field{"blocks", &Evaluate::blocks, at_least(0), "stretches of time that block errors compare; 0 or 1 = none", Effect::none},
        Field{"controls", &Evaluate::controls, any(), "measure untrained network, noise-free signal, pure noise and shuffled activations too", Effect::none},
        Field{"probes", &Evaluate::probes, any(), "linear probes of every layer: circle, phase, revolutions elapsed, the oracle's posteriors", Effect::none},
        Field{"probe_points", &Evaluate::probe_points, at_least(100), "rows of the probes, evenly spaced in time", Effect::none},
        Field{"similarity", &Evaluate::similarity, any(), "compare layers with each other: debiased CKA, shared neighbours", Effect::none},
        Field{"similarity_points", &Evaluate::similarity_points, at_least(10), "rows that they are compared at, evenly spaced in time", Effect::none},
        Field{"shared_points", &Evaluate::shared_points, at_least(0), "rows of every layer kept in trial.h5 (250 of seven layers of 128: 0.9 MB), evenly spaced in time, by which the collator compares trials; 0 = none", Effect::none},
        Field{"overlap_k", &Evaluate::overlap_k, at_least(1), "neighbours that shared neighbourhoods compare", Effect::none},
        Field{"overlap_theiler", &Evaluate::overlap_theiler, at_least(0), "rows up to this many steps away are no such neighbours; 0 = all are", Effect::none},
        Field{"umap_neighbors", &Evaluate::umap_neighbors, at_least(2), "neighbours of a row in UMAP's graph, itself counted", Effect::none},
        Field{"umap_min_dist", &Evaluate::umap_min_dist, between(0, 1), "least distance of points that UMAP aims at", Effect::none},
        Field{"pca", &Evaluate::pca, at_least(0), "principal components that UMAP starts from where a layer has more dimensions; 0 = the layer itself", Effect::none},
        Field{"activations", &Evaluate::activations, any(), "write activations.h5", Effect::none},
        Field{"gates", &Evaluate::gates, any(), "gate signals in activations.h5 too", Effect::none},
    };
  }
};

/// Autoregressive generation behind true steps. Defaults: the original's.
struct Generate {
  std::int64_t seed = 42;
  std::int64_t seed_len = 64;
  std::int64_t gen_len = 512;
  double temperature = 0;
  std::int64_t perturb_interval = 0;
  double perturb_scale = 2.0;
  bool perturb_hidden = false;
  std::int64_t perturb_layers = 0;
  std::int64_t perturb_duration = 1;
  std::int64_t n_samples = 3;
  std::optional<std::int64_t> seed_offset;
  std::string feedback = "fp32";
  bool oracle = true;
  bool compare = true;
  std::int64_t off_window = 8;
  double off_radius = 0.5;
  double off_level = 0.01;
  double shortest_visit = 0.25;
  double clock_window = 0.25;
  double clock_rate = 0.5;

  static constexpr std::string_view section = "generate";
  static auto fields() {
    return std::tuple{
        Field{"seed", &Generate::seed, between(0, 4294967295.0), "seed of the choice of windows and of the noise", Effect::none},
        Field{"seed_len", &Generate::seed_len, at_least(1), "true steps that generation starts from", Effect::none},
        Field{"gen_len", &Generate::gen_len, at_least(1), "steps to generate", Effect::none},
        Field{"temperature", &Generate::temperature, at_least(0), "standard deviation of the noise on each step fed back", Effect::none},
        Field{"perturb_interval", &Generate::perturb_interval, at_least(0), "steps between bursts of noise; 0 = none", Effect::none},
        Field{"perturb_scale", &Generate::perturb_scale, at_least(0), "standard deviation of a burst's noise", Effect::none},
        Field{"perturb_hidden", &Generate::perturb_hidden, any(), "bursts inside the network, at the outputs of its layers", Effect::none},
        Field{"perturb_layers", &Generate::perturb_layers, at_least(0), "layers that such a burst reaches, from the first; 0 = all", Effect::none},
        Field{"perturb_duration", &Generate::perturb_duration, at_least(1), "steps of a burst", Effect::none},
        Field{"n_samples", &Generate::n_samples, at_least(1), "windows to start from, drawn without replacement", Effect::none},
        Field{"seed_offset", &Generate::seed_offset, at_least(0), "one sample from this window (of seed_len steps each) instead [default: drawn windows]", Effect::none},
        Field{"feedback", &Generate::feedback, one_of({"fp32", "bf16"}), "what a step is rounded to before it is fed back; bf16 as the original does on a GPU", Effect::none},
        Field{"oracle", &Generate::oracle, any(), "judge what is generated by the process behind the series: circles visited, dwell, transitions, failures", Effect::none},
        Field{"compare", &Generate::compare, any(), "with bursts, generate and judge the same samples without them too", Effect::none},
        Field{"off_window", &Generate::off_window, at_least(1), "steps over which the squared distance to the nearest circle is averaged", Effect::none},
        Field{"off_radius", &Generate::off_radius, at_least(0), "distance that is off the manifold, as a share of the mean radius; more where noise explains more", Effect::none},
        Field{"off_level", &Generate::off_level, between(1e-12, 0.5), "chance at most that the noise alone takes a true series off the manifold", Effect::none},
        Field{"shortest_visit", &Generate::shortest_visit, between(0, 1), "share of the circle's period that a visit lasts at least", Effect::none},
        Field{"clock_window", &Generate::clock_window, between(0.01, 10), "share of the circle's period over which progress is measured", Effect::none},
        Field{"clock_rate", &Generate::clock_rate, between(0, 1), "share of the circle's angular velocity below which the clock has failed, as above 2 less it", Effect::none},
    };
  }
};

/// What steers the blocks: signals of some windows, and their statistics around switches of the circle.
struct Gates {
  std::int64_t seed = 42;
  std::int64_t n_samples = 3;
  std::optional<std::int64_t> layer;
  std::optional<std::int64_t> sample;
  std::int64_t around = 100;
  std::optional<std::int64_t> skip;
  bool signals = false;
  bool umap = false;
  std::int64_t umap_points = config::umap_points;
  std::int64_t umap_neighbors = config::umap_neighbors;
  double umap_min_dist = config::umap_min_dist;

  static constexpr std::string_view section = "gates";
  static auto fields() {
    return std::tuple{
        Field{"seed", &Gates::seed, at_least(0), "seed of the choice of windows", Effect::none},
        Field{"n_samples", &Gates::n_samples, at_least(1), "windows to look at, drawn without replacement", Effect::none},
        Field{"layer", &Gates::layer, at_least(1), "draw this layer, counted from 1 [default: a summary, the first and the last layer]", Effect::none},
        Field{"sample", &Gates::sample, at_least(0), "look at this one of the drawn windows, counted from 0 [default: all of them]", Effect::none},
        Field{"around", &Gates::around, at_least(1), "steps before and after a switch of the circle that the statistics resolve", Effect::none},
        Field{"skip", &Gates::skip, at_least(0), "first steps of each window that the statistics leave out, the network having seen too little [default: an eighth of the window]", Effect::none},
        Field{"signals", &Gates::signals, any(), "write the windows' signals into gates.h5, not their means alone", Effect::none},
        Field{"umap", &Gates::umap, any(), "embed each layer's signals in the plane by UMAP (minutes)", Effect::none},
        Field{"umap_points", &Gates::umap_points, at_least(2), "steps of the series that are embedded, drawn without replacement", Effect::none},
        Field{"umap_neighbors", &Gates::umap_neighbors, at_least(2), "neighbours of a step in UMAP's graph, itself counted", Effect::none},
        Field{"umap_min_dist", &Gates::umap_min_dist, between(0, 1), "least distance of points that UMAP aims at", Effect::none},
    };
  }
};

/// The exact Bayes filter of the generator.
struct Oracle {
  Integers horizons = {1, 2, 4, 8, 16, 32, 64};
  std::int64_t block = 0;
  std::int64_t burn_in = 16384;
  bool posteriors = false;
  bool elapsed = false;

  static constexpr std::string_view section = "oracle";
  static auto fields() {
    return std::tuple{
        Field{"horizons", &Oracle::horizons, at_least(1), "steps ahead that are predicted", Effect::none},
        Field{"block", &Oracle::block, at_least(0), "steps that one filter runs over; 0 = a rank's whole share, alone the whole series", Effect::none},
        Field{"burn_in", &Oracle::burn_in, at_least(0), "steps before a block from which its filter starts, not knowing where", Effect::none},
        Field{"posteriors", &Oracle::posteriors, any(), "write posterior.h5: circle, revolutions to come, switch hazard, phase, step by step", Effect::none},
        Field{"elapsed", &Oracle::elapsed, any(), "revolutions elapsed in posterior.h5 too", Effect::none},
    };
  }
};

/// Intrinsic dimension of any array.
struct Dimension {
  Integers k = {10, 30, 100};
  std::int64_t points = 0;
  std::int64_t seed = 0;
  std::int64_t theiler = 0;
  std::int64_t max_n1 = 64;
  std::int64_t blocks = 20;
  double noise = 0;
  std::string array;
  std::string labels;
  Integers radii = {1, 2, 4, 8};
  std::int64_t fci_centres = 0;
  Integers fci_k = {50, 100, 200, 400};

  static constexpr std::string_view section = "dimension";
  static auto fields() {
    return std::tuple{
        Field{"k", &Dimension::k, at_least(3), "neighbours k of Levina-Bickel and MacKay-Ghahramani", Effect::none},
        Field{"points", &Dimension::points, at_least(0), "rows to draw without replacement; 0 = all", Effect::none},
        Field{"seed", &Dimension::seed, at_least(0), "seed of that draw", Effect::none},
        Field{"theiler", &Dimension::theiler, at_least(0), "rows up to this many steps away are no neighbours; 0 = all are", Effect::none},
        Field{"max_n1", &Dimension::max_n1, at_least(1), "Gride at n1 = 1, 2, 4, ... up to this one, as far as the rows go", Effect::none},
        Field{"blocks", &Dimension::blocks, at_least(0), "stretches of time that the block errors compare; 0 or 1 = none", Effect::none},
        Field{"noise", &Dimension::noise, at_least(0), "standard deviation of the noise of a channel, the unit of distances; 0 = as the series says", Effect::none},
        Field{"array", &Dimension::array, any(), "which array of an .npz or HDF5 file; empty = the series or the only matrix", Effect::none},
        Field{"labels", &Dimension::labels, any(), "array of whole numbers that groups the rows; empty = the series' circles", Effect::none},
        Field{"radii", &Dimension::radii, at_least(1), "inner radii of the binomial estimator on whole numbers, the outer is twice as far", Effect::none},
        Field{"fci_centres", &Dimension::fci_centres, at_least(0), "points around which the full correlation integral is fitted; 0 = none", Effect::none},
        Field{"fci_k", &Dimension::fci_k, at_least(10), "neighbours in each of those fits", Effect::none},
    };
  }
};

/// The keys that describe a stored series: those that its file was generated from, but the test series' keys and the
/// path as configured.
Data with_keys_of_file(Data const& of_file, Data const& configured);

/// One trial, whole.
struct Trial {
  Data data;
  Model model;
  Train train;
  Evaluate evaluate;
  Generate generate;
  Gates gates;
  Oracle oracle;
  Dimension dimension;
};

/// Relations between keys, before anything is allocated; throws errors::usage. Shared by every verb that trains.
void check(Trial const& trial);

}  // namespace mambasynth::config
