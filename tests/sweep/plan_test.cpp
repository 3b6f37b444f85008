#include "sweep/plan.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <set>
#include <string>

#include "config/section.hpp"
#include "config/toml.hpp"
#include "errors/errors.hpp"
#include "store/atomic_file.hpp"
#include "support/reference.hpp"
#include "sweep/cost.hpp"
#include "sweep/forecast.hpp"
#include "sweep/identity.hpp"

using namespace mambasynth;
using Catch::Matchers::ContainsSubstring;

namespace {

sweep::DataIdentity nobody(config::Data const&) { throw std::logic_error("there is no foreign series here"); }

sweep::Plan plan_of(std::string const& text, std::vector<std::string> const& set = {}) {
  return sweep::make_plan(sweep::parse_sweep(text, "test.toml", set), "fp32", nobody);
}

/// The message of the errors::usage thrown by planning.
std::string refusal(std::string const& text, std::vector<std::string> const& set = {}) {
  try {
    plan_of(text, set);
  } catch (errors::Error const& error) {
    CHECK(error.code() == errors::ExitCode::usage);
    return error.what();
  }
  FAIL("accepted: " << text);
  return {};
}

std::string const gate_lr = R"([sweep]
name = "gate_lr"
seeds = [42, 43, 44, 45, 46]
baseline = { "train.gate_lr_factor" = 1.0 }

[[sweep.axis]]
"train.gate_lr_factor" = [0.0, 0.01, 0.1, 1.0]

[train]
epochs = 500
)";

}  // namespace

TEST_CASE("axes multiply, the last one fastest, seeds innermost") {
  auto const plan = plan_of(R"([sweep]
seeds = [1, 2]
[[sweep.axis]]
"train.gate_lr_factor" = [0.0, 1.0]
[[sweep.axis]]
"model.d_state" = [4, 8, 16]
)");
  CHECK(plan.cells == 6);
  REQUIRE(plan.trials.size() == 12);
  CHECK(plan.columns == std::vector<std::string>{"train.gate_lr_factor", "model.d_state"});
  CHECK(plan.trials[0].axis_values == std::vector<std::string>{"0.0", "4"});
  CHECK(plan.trials[1].axis_values == std::vector<std::string>{"0.0", "4"});
  CHECK(plan.trials[1].trial.train.seed == 2);
  CHECK(plan.trials[2].axis_values == std::vector<std::string>{"0.0", "8"});
  CHECK(plan.trials[11].trial.model.d_state == 16);
  CHECK(plan.trials[11].trial.train.gate_lr_factor == 1.0);
  std::set<std::string> ids;
  for (auto const& trial : plan.trials) {
    CHECK(trial.trial.train.precision == "fp32");
    CHECK(trial.id == sweep::trial_id(trial.trial));
    ids.insert(trial.id);
  }
  CHECK(ids.size() == 12);
}

TEST_CASE("the keys of one axis vary together") {
  auto const plan = plan_of(R"([[sweep.axis]]
"model.d_model" = [32, 64]
"train.lr" = [1e-3, 5e-4]
)");
  REQUIRE(plan.trials.size() == 2);
  CHECK(plan.trials[1].trial.model.d_model == 64);
  CHECK(plan.trials[1].trial.train.lr == 5e-4);
  CHECK_THAT(
      refusal("[[sweep.axis]]\n\"model.d_model\" = [32, 64]\n\"train.lr\" = [1e-3]\n"),
      ContainsSubstring("test.toml:3") && ContainsSubstring("'train.lr' has length 1, 'model.d_model' has length 2"));
}

TEST_CASE("exclude removes cells by value, include adds cells") {
  auto const plan = plan_of(R"([[sweep.axis]]
"train.gate_lr_factor" = [0.0, 1.0]
[[sweep.axis]]
"model.d_state" = [4, 8, 16]
[[sweep.exclude]]
"train.gate_lr_factor" = 0
"model.d_state" = [8, 16]
[[sweep.include]]
"model.d_state" = 32
"train.lr" = 1e-2
)");
  CHECK(plan.cells == 5);
  CHECK(plan.columns == std::vector<std::string>{"train.gate_lr_factor", "model.d_state", "train.lr"});
  CHECK(plan.trials[0].axis_values == std::vector<std::string>{"0.0", "4", "3e-04"});
  CHECK(plan.trials[4].axis_values == std::vector<std::string>{"1.0", "32", "0.01"});
  CHECK(plan.trials[4].trial.train.lr == 1e-2);
}

TEST_CASE("an inconsistent sweep is refused with its line and a remedy") {
  CHECK_THAT(refusal("[sweep]\nseed = [1]\n"),
             ContainsSubstring("test.toml:2: unknown key 'seed' in [sweep]") && ContainsSubstring("'seeds'"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.gate_lr_facto\" = [0.0]\n"),
             ContainsSubstring("test.toml:2") && ContainsSubstring("'train.gate_lr_facto'") &&
                 ContainsSubstring("'train.gate_lr_factor'"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.lr\" = []\n"),
             ContainsSubstring("test.toml:2: axis 'train.lr' is empty"));
  CHECK_THAT(refusal("[[sweep.axis]]\n"), ContainsSubstring("[[sweep.axis]] is empty"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.lr\" = 1e-3\n"), ContainsSubstring("is a list of values"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.lr\" = [\"fast\"]\n"),
             ContainsSubstring("train.lr") && ContainsSubstring("wrong type"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"model.d_state\" = [4, 1000]\n"),
             ContainsSubstring("model.d_state = 1000 is out of range"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.seed\" = [1, 2]\n"), ContainsSubstring("sweep.seeds"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.lr\" = [1e-3]\n[[sweep.axis]]\n\"train.lr\" = [1e-4]\n"),
             ContainsSubstring("in two axes"));
  CHECK_THAT(refusal("[sweep.axis]\n\"train.lr\" = [1e-3]\n"), ContainsSubstring("[[sweep.axis]]"));
  CHECK_THAT(refusal("[sweep]\nseeds = [1, 1]\n"), ContainsSubstring("twice"));
  CHECK_THAT(refusal("[sweep]\nseeds = 1.5\n"), ContainsSubstring("sweep.seeds") && ContainsSubstring("wrong type"));
  CHECK_THAT(refusal("[sweep]\nranks_per_trial = 0\n"), ContainsSubstring("ranks_per_trial"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.lr\" = [1e-3]\n\"sweep.ranks_per_trial\" = [0]\n"),
             ContainsSubstring("ranks_per_trial"));
  CHECK_THAT(refusal("[[sweep.exclude]]\n\"sweep.ranks_per_trial\" = 2\n"), ContainsSubstring("unknown key"));
  CHECK_THAT(refusal(gate_lr + "[model]\nd_cov = 3\n"), ContainsSubstring("d_cov") && ContainsSubstring("d_conv"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.lr\" = [1e-3, 1e-4]\n[[sweep.exclude]]\n\"train.lr\" = 1.0\n"),
             ContainsSubstring("excludes nothing"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.lr\" = [1e-3]\n[[sweep.exclude]]\n\"train.lr\" = 1e-3\n"),
             ContainsSubstring("has no trial"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.lr\" = [1e-3]\n[[sweep.exclude]]\n\"train.stride\" = 1\n"),
             ContainsSubstring("no axis varies"));
  CHECK_THAT(refusal("[sweep]\nbaseline = { \"train.epochs\" = 3 }\n"), ContainsSubstring("no axis varies"));
}

TEST_CASE("a sweep with too many trials is refused before any is created") {
  auto const axis = [](std::string const& key, int values, double step) {
    std::string text = "[[sweep.axis]]\n\"" + key + "\" = [";
    for (int i = 1; i <= values; ++i) text += (i > 1 ? ", " : "") + std::to_string(step * i);
    return text + "]\n";
  };
  auto const axes = axis("train.lr", 299, 1e-4) + axis("train.gate_lr_factor", 299, 1e-3) +
                    axis("data.noise_std", 299, 1e-2) + axis("data.radius_std", 299, 1e-2);
  CHECK_THAT(refusal(axes), ContainsSubstring("more than 100000 trials") &&
                                ContainsSubstring("299 values of train.lr x 299 values of train.gate_lr_factor"));
  std::string many;  // 2^80 cells: more than fits an integer
  for (auto const& key : config::trial_keys())
    if (key != "train.seed" && key.find("seed") == std::string::npos &&
        (key.starts_with("evaluate.") || key.starts_with("generate.") || key.starts_with("dimension.")) &&
        many.size() < 1'000'000)
      try {
        config::Trial trial;
        config::set(trial, key, config::given_text("20", "a"));
        many += "[[sweep.axis]]\n\"" + key + "\" = [20, 21, 22, 23, 24, 25, 26, 27]\n";
      } catch (errors::Error const&) {  // not a number, or out of range
      }
  CHECK_THAT(refusal(many), ContainsSubstring("more than 100000 trials"));
  auto file = sweep::parse_sweep(gate_lr, "test.toml");
  file.keys.seeds.resize(sweep::most_trials / 4 + 1);
  CHECK_THROWS_WITH(sweep::make_plan(file, "fp32", nobody), ContainsSubstring("more than 100000 trials"));
}

TEST_CASE("two cells that are the same trial are reported") {
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.gate_lr_factor\" = [1, 1.0]\n"),
             ContainsSubstring("train.gate_lr_factor = 1 and train.gate_lr_factor = 1.0"));
  CHECK_THAT(refusal("[[sweep.axis]]\n\"train.resume_every\" = [1, 2]\n"),
             ContainsSubstring("differ in no key that changes results"));
}

TEST_CASE("a cell that cannot run is named") {
  CHECK_THAT(refusal("[[sweep.axis]]\n\"model.max_horizon\" = [1, 4096]\n"),
             ContainsSubstring("the cell model.max_horizon = 4096") && ContainsSubstring("seq_len"));
}

TEST_CASE("the flag --set overrides the file but not an axis") {
  auto const plan = plan_of(gate_lr, {"train.epochs=3", "sweep.seeds=1,2"});
  CHECK(plan.trials.size() == 8);
  CHECK(plan.trials.front().trial.train.epochs == 3);
  CHECK_THAT(refusal(gate_lr, {"train.gate_lr_factor=2"}), ContainsSubstring("is an axis of this sweep"));
  CHECK_THAT(refusal(gate_lr, {"sweep.axis=2"}), ContainsSubstring("sweep.axis"));
}

TEST_CASE("a plain configuration is a sweep of one trial") {
  auto const plan = plan_of("[train]\nepochs = 3\nseed = 7\n");
  REQUIRE(plan.trials.size() == 1);
  CHECK(plan.trials[0].trial.train.seed == 7);
  CHECK(sweep::plan_csv(plan).starts_with("id,seed,cost\n"));
}

TEST_CASE("the resolved sweep gives the same trials, and plan.csv can be read back") {
  tests::TemporaryFolder folder;
  auto const text = R"([sweep]
name = "all, \"of\" it"
seeds = [1, 2]
baseline = { "train.split" = "random" }
[[sweep.axis]]
"train.split" = ["random", "blocked"]
[[sweep.axis]]
"data.test_n_steps" = [5000, 6000]
"model.dropout" = [0.0, 0.5]
[[sweep.exclude]]
"train.split" = "random"
"model.dropout" = 0.5
[[sweep.include]]
"evaluate.lb_k" = [5, 10]
"model.d_state" = 64
[model]
d_state = 4
)";
  auto const plan = plan_of(text);
  sweep::write_plan(plan, folder.path());
  auto const again = sweep::make_plan(sweep::read_sweep_file(folder.path() / "sweep.toml"), "bf16", nobody);
  CHECK(again.name == "all, \"of\" it");
  CHECK(sweep::plan_csv(again) == sweep::plan_csv(plan));
  CHECK(sweep::to_toml(again.sweep) == sweep::to_toml(plan.sweep));

  auto const table = sweep::read_plan(folder.path() / "plan.csv");
  CHECK(table.columns == plan.columns);
  REQUIRE(table.rows.size() == plan.trials.size());
  for (std::size_t i = 0; i < table.rows.size(); ++i) {
    CHECK(table.rows[i].id == plan.trials[i].id);
    CHECK(table.rows[i].axis_values == plan.trials[i].axis_values);
    CHECK(table.rows[i].seed == std::to_string(plan.trials[i].trial.train.seed));
    CHECK(table.rows[i].cost > 0);
  }
}

TEST_CASE("a plan whose ID could lead out of the sweep's folder is refused") {
  tests::TemporaryFolder const folder;
  for (auto const& id : {std::string(), std::string(".."), std::string("../a"), std::string("/tmp"),
                         std::string(300, 'a'), std::string("a\0b", 3)}) {
    store::write_atomically(folder.path() / "plan.csv", "id,seed,cost\n" + id + ",1,1\n");
    INFO(id);
    CHECK_THROWS_AS(sweep::read_plan(folder.path() / "plan.csv"), errors::Error);
  }
}

TEST_CASE("plan.csv of the gate sweep has the axis as written") {
  auto const plan = plan_of(gate_lr);
  auto const csv = sweep::plan_csv(plan);
  CHECK(csv.starts_with("id,train.gate_lr_factor,seed,cost\n" + plan.trials[0].id + ",0.0,42,"));
  CHECK_THAT(csv, ContainsSubstring(","
                                    "0.01,46,"));
  auto const text = sweep::describe(plan, {}, 1);
  CHECK_THAT(text, ContainsSubstring("20 trials = 4 cells x 5 seeds (42 to 46)") &&
                       ContainsSubstring(plan.trials[19].id) && ContainsSubstring("No time was measured"));
}

TEST_CASE("a stored series is identified by its hash, or by the keys of the generator that wrote it") {
  int asked = 0;
  sweep::DataIdentity known{{std::string(64, 'b')}, 5000, 3};
  auto const plan = [&] {
    return sweep::make_plan(
        sweep::parse_sweep("[[sweep.axis]]\n\"model.d_state\" = [4, 8]\n[data]\npath = \"/x/data.npz\"\n", "test.toml"),
        "fp32", [&](config::Data const& data) {
          CHECK(data.path == "/x/data.npz");
          ++asked;
          return known;
        });
  };
  auto const foreign = plan();
  CHECK(asked == 1);
  CHECK(foreign.trials[0].id == sweep::trial_id(foreign.trials[0].trial, known.foreign));
  known.generated_from = config::Data{};
  known.generated_from->n_steps = 5000;
  known.foreign = {};
  auto const ours = plan();
  auto generated = foreign.trials[0].trial;
  generated.data = config::Data{};
  generated.data.n_steps = 5000;
  generated.data.test_n_steps = ours.trials[0].trial.data.resolved_test_n_steps();
  CHECK(ours.trials[0].id == sweep::trial_id(generated));
  CHECK(ours.trials[0].trial.data.path == "/x/data.npz");
}

TEST_CASE("a cell whose test series would be its training series is refused by name") {
  auto const plan = [](std::string const& text, config::Data const& of_file = {}) {
    return sweep::make_plan(sweep::parse_sweep(text, "test.toml"), "fp32", [&](config::Data const&) {
      return sweep::DataIdentity{{}, of_file.n_steps, of_file.ambient_dim, of_file};
    });
  };
  std::string const axis = "[[sweep.axis]]\n\"data.path_seed\" = [7, 8]\n[data]\n";
  CHECK_NOTHROW(plan(axis));
  CHECK(plan(axis).trials[1].trial.data.resolved_test_path_seed() == 9);
  CHECK_THROWS_WITH(plan(axis + "test_path_seed = 8\n"), ContainsSubstring("the cell data.path_seed = 8 cannot run"));
  std::string const stored = "[[sweep.axis]]\n\"data.test_path_seed\" = [7, 8]\n[data]\npath = \"/x/data.npz\"\n";
  config::Data of_file;
  CHECK_NOTHROW(plan(stored, of_file));
  of_file.path_seed = 8;
  CHECK_THROWS_WITH(plan(stored, of_file), ContainsSubstring("the cell data.test_path_seed = 8 cannot run"));
}

TEST_CASE("the same series under two names does not make a second cell") {
  auto const generated = GENERATE(false, true);
  auto const named = [&](std::string const& second) {
    return sweep::make_plan(
        sweep::parse_sweep("[[sweep.axis]]\n\"data.path\" = [\"/x/a.npz\", \"" + second + "\"]\n", "test.toml"), "fp32",
        [&](config::Data const& data) {
          config::Data keys;
          sweep::DataIdentity known{{data.path == "/x/other.npz" ? "b" : "a"}, keys.n_steps, keys.ambient_dim};
          if (!generated) return known;
          keys.path_seed = data.path == "/x/other.npz" ? 8 : 7;
          known.foreign = {}, known.generated_from = keys;
          return known;
        });
  };
  CHECK_NOTHROW(named("/x/other.npz"));
  CHECK_THROWS_WITH(named("/x/link.npz"), ContainsSubstring("two cells of the sweep are the same trial"));
}

TEST_CASE("the estimated cost grows with the work") {
  config::Trial trial;
  auto const cost = [](config::Trial const& t) { return sweep::estimated_cost(t, t.data.n_steps, t.data.ambient_dim); };
  auto const base = cost(trial);
  for (auto const change :
       {+[](config::Trial& t) { t.train.epochs *= 2; }, +[](config::Trial& t) { t.model.d_state *= 2; },
        +[](config::Trial& t) { t.model.n_layers += 1; }, +[](config::Trial& t) { t.data.n_steps *= 2; },
        +[](config::Trial& t) { t.train.stride /= 2; }, +[](config::Trial& t) { t.model.max_horizon = 64; },
        +[](config::Trial& t) { t.train.train_eval = true; }}) {
    auto longer = trial;
    change(longer);
    CHECK(cost(longer) > base);
  }
  trial.train.epochs *= 2;
  CHECK(cost(trial) > 1.9 * base);
  CHECK(cost(trial) < 2.0 * base + 1e-9);
}

TEST_CASE("a cell that this launch cannot train is refused by name, with its ranks, before anything runs") {
  std::string const text = "[sweep]\nranks_per_trial = 2\n[[sweep.axis]]\n\"train.slowness_lambda\" = [0.0, 0.5]\n";
  std::vector<std::int64_t> asked;
  auto const plan = [&](double most) {
    return sweep::make_plan(sweep::parse_sweep(text, "test.toml"), "bf16", nobody,
                            [&](config::Trial const& trial, std::int64_t ranks) {
                              asked.push_back(ranks);
                              if (trial.train.slowness_lambda > most)
                                throw errors::usage("too slow", "the limit is " + std::to_string(most), "Hurry");
                            });
  };
  CHECK(plan(1).trials.size() == 2);
  CHECK(asked == std::vector<std::int64_t>{2, 2});
  CHECK_THROWS_WITH(
      plan(0.1), ContainsSubstring("the cell train.slowness_lambda = 0.5 cannot run") && ContainsSubstring("too slow"));
}

TEST_CASE("a sweep takes whole ranks for one trial of several ranks, or one that needs its own process") {
  auto plan = plan_of("[[sweep.axis]]\n\"model.d_state\" = [1, 2]\n");
  CHECK_FALSE(plan.needs_whole_ranks());
  plan.trials.back().needs_own_process = true;
  CHECK(plan.needs_whole_ranks());
  CHECK(plan_of("[sweep]\nranks_per_trial = 2\n[[sweep.axis]]\n\"model.d_state\" = [1, 2]\n").needs_whole_ranks());
}
