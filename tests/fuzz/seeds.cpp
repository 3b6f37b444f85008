#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <variant>

#include "analysis/collate/trials.hpp"
#include "config/section.hpp"
#include "config/toml.hpp"
#include "fuzz/targets.hpp"
#include "series/write_files.hpp"
#include "store/archive/npz.hpp"
#include "store/archive/pt.hpp"
#include "store/archive/safetensors.hpp"
#include "store/atomic_file.hpp"
#include "store/hdf5.hpp"
#include "store/hdf5_bytes.hpp"
#include "support/reference.hpp"
#include "sweep/ledger.hpp"
#include "sweep/plan.hpp"

namespace mambasynth::tests::fuzz {
namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;

constexpr std::array<double, 6> doubles{0.5, 1, 2, 3, 4, 5};
constexpr std::array<std::int64_t, 3> integers{0, 1, 1};

void put(fs::path const& folder, std::string_view target, std::string const& name, std::string const& bytes) {
  fs::create_directories(folder / target);
  store::write_atomically(folder / target / name, bytes);
}

store::Tensor tensor() {
  auto bytes = std::make_shared<std::vector<std::byte>>(4 * sizeof(float));
  return {store::DType::f32, {2, 2}, std::move(bytes)};
}

void checkpoints(fs::path const& folder, fs::path const& scratch) {
  using store::pt::Value;
  store::pt::OrderedDict const state{{{Value{"w"s}, Value{tensor()}}}};
  store::pt::List const list{Value{std::int64_t{-1}}, Value{0.5}, Value{}, Value{true}, Value{store::pt::Tuple{}}};
  Value const value{store::pt::Dict{{Value{"model_state_dict"s}, Value{state}}, {Value{"args"s}, Value{list}}}};
  store::pt::save(scratch / "a.pt", value, "a");
  put(folder, "pt", "saved", store::read_text(scratch / "a.pt"));

  // What torch.save writes and we read, but never write.
  std::string const start = "\x80\x02",
                    no_hooks =
                        "\x89"
                        "ccollections\nOrderedDict\n)R",
                    key =
                        "X\x01\0\0\0"
                        "0X\x03\0\0\0"
                        "cpu"s;
  auto const storage = [&](std::string const& type, std::string const& count) {
    return "(X\x07\0\0\0storagec"s + type + "\n" + key + "K" + count + "tQ";
  };
  auto const view = "K\0K\x02\x85K\x01\x85"s + no_hooks;
  put(folder, "pickle", "tensor",
      start + "}X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n("s + storage("torch\nFloatStorage", "\x04") + view +
          "}X\x03\0\0\0neg\x88stRs."s);
  put(folder, "pickle", "typed",
      start + "ctorch._utils\n_rebuild_tensor_v3\n(" + storage("torch.storage\nUntypedStorage", "\x10") + view +
          "ctorch\nuint16\ntR.");
  put(folder, "pickle", "class",
      start +
          "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nctorch.nn.parameter\nBuffer\n(" +
          storage("torch\nFloatStorage", "\x04") + view + "t}tR.");
  put(folder, "pickle", "scalar",
      start +
          "cnumpy._core.multiarray\nscalar\n(cnumpy\ndtype\n(X\x02\0\0\0i2\x89\x88tR(K\x03X\x01\0\0\0<NNNJ\xff\xff"
          "\xff\xffJ\xff\xff\xff\xffK\0tbc_codecs\nencode\n(X\x02\0\0\0ABX\x06\0\0\0latin1tRtR."s);
  put(folder, "pickle", "values",
      start +
          "]q\0(K\x01M\x02\x03J\0\0\0\x04\x8a\x02\xff\x7fG\x3f\xf0\0\0\0\0\0\0N\x88\x89)h\0\x85"
          "ctorch\nSize\n(K\x02tR"
          "ctorch\ndevice\n(X\x04\0\0\0cudaK\x01tRe."s);
}

void arrays(fs::path const& folder, fs::path const& scratch) {
  auto const npy = [](std::string const& dtype, std::string const& order, std::string const& shape,
                      std::string const& data) {
    auto text = "{'descr': '" + dtype + "', 'fortran_order': " + order + ", 'shape': (" + shape + "), }\n";
    return "\x93NUMPY\x01\0"s + static_cast<char>(text.size()) + '\0' + text + data;
  };
  put(folder, "npy", "float64", npy("<f8", "False", "3, 2", std::string(48, '\x3f')));
  put(folder, "npy", "fortran", npy(">i8", "True", "3, 2", std::string(48, '\x01')));
  put(folder, "npy", "half", npy("<f2", "False", "2, 2, 2", std::string(16, '\x3c')));
  put(folder, "npy", "text", npy("<U2", "False", "2,", std::string(16, '\0')));
  {
    store::NpzWriter npz(scratch / "a.npz");
    npz.add("X", doubles, {3, 2});
    npz.add("labels", integers, {3});
    npz.close();
  }
  put(folder, "npz", "recording", store::read_text(scratch / "a.npz"));
  store::safetensors::save(scratch / "a.safetensors", {{{"w", tensor()}}, {{"config", "{}"}}});
  put(folder, "safetensors", "saved", store::read_text(scratch / "a.safetensors"));
  put(folder, "csv", "header", "time,a,\"b\",phase\n0,1.5,-2e-3,1\n1,+3,4,0\n2,5,6,1\n");
  put(folder, "csv", "pandas", "\xEF\xBB\xBF,0,1\n0,1,2\n1,3,4\n\n# end\n");
  put(folder, "csv", "semicolons", "1;2\n3;inf\n");
  {
    store::Hdf5Writer h5(scratch / "a.h5");
    h5.counting_scale("/time", 0, 3);
    h5.counting_scale("/channel", 0, 2);
    h5.dataset<double>("/group/recording", doubles, {"/time", "/channel"}, {}, store::Compression::deflate);
    h5.dataset<std::int64_t>("/labels", integers, {"/time"});
    h5.text_scale("/names", {"a", "b"});
    h5.attribute("/", "title", "a recording");
    h5.close();
  }
  put(folder, "recording", "recording", store::read_text(scratch / "a.h5"));
}

void series(fs::path const& folder, fs::path const& scratch) {
  config::Data data;
  data.n_steps = 40;
  data.ambient_dim = 4;
  data.n_circles = 2;
  mambasynth::series::write_series(data, scratch, {.formats = {.h5 = false}});
  put(folder, "npz", "series", store::read_text(scratch / "data.npz"));
  put(folder, "config_json", "series", store::read_text(scratch / "config.json"));
}

/// As series.h5, whose chunks alone take a megabyte.
void small_series(fs::path const& folder, fs::path const& scratch) {
  constexpr std::array<std::int64_t, 2> periods{10, 20};
  store::Hdf5Writer h5(scratch / "small.h5");
  h5.counting_scale("/time", 0, 3);
  h5.counting_scale("/channel", 0, 2);
  h5.counting_scale("/circle_id", 0, 2);
  h5.counting_scale("/next_circle", 0, 2);
  h5.dataset<double>("/x", doubles, {"/time", "/channel"});
  h5.dataset<std::int64_t>("/circle", integers, {"/time"});
  h5.dataset<double>("/phase", std::span(doubles).first(3), {"/time"});
  h5.dataset<double>("/transition_matrix", std::span(doubles).first(4), {"/circle_id", "/next_circle"});
  h5.dataset<double>("/radius", std::span(doubles).first(2), {"/circle_id"});
  h5.dataset<std::int64_t>("/period", periods, {"/circle_id"});
  config::Data data;
  data.n_steps = 3;
  data.n_circles = data.ambient_dim = 2;
  config::for_each_field<config::Data>([&](auto const& field) {
    auto const& value = data.*field.member;
    using Value = std::remove_cvref_t<decltype(value)>;
    if constexpr (std::is_same_v<Value, std::int64_t> || std::is_same_v<Value, double>)
      h5.attribute("/", std::string(field.key), value);
  });
  h5.close();
  put(folder, "recording", "series", store::read_text(scratch / "small.h5"));
}

/// A file, and the address of an object header in it.
void put_header(fs::path const& folder, std::string const& name, std::string const& file, std::uint64_t address) {
  std::string bytes(sizeof address, '\0');
  std::memcpy(bytes.data(), &address, sizeof address);
  put(folder, "hdf5_bytes", name, file + bytes);
}

void headers(fs::path const& folder, fs::path const& scratch) {
  store::Attributes const attributes{
      {"text", "a text"s}, {"integer", std::int64_t{3}}, {"real", 1.5}, {"more", "of them, for a continuation"s}};
  {
    store::Hdf5Writer h5(scratch / "header.h5");
    h5.group("/group");
    for (auto const& [name, value] : attributes)
      std::visit([&](auto const& one) { h5.attribute("/group", name, one); }, value);
    h5.close();
  }
  auto const file = store::read_text(scratch / "header.h5");
  std::uint64_t address = 0;
  for (;; ++address) {
    auto const header = store::detail::object_header(file, address);
    if (header && header->attributes.size() == attributes.size()) break;
    if (address == file.size()) throw std::logic_error("the header of the group was not found");
  }
  put_header(folder, "written", file, address);

  // Version 2, which we do not write: an attribute of a text, and a continuation that holds one of a number.
  auto const number = [](std::uint64_t value) {
    return std::string(reinterpret_cast<char const*>(&value), sizeof value);
  };
  auto const attribute = [](std::string const& type, std::string const& value) {
    auto const content = "\3\0\2\0"s + static_cast<char>(type.size()) + "\0\4\0\0a\0"s + type + "\2\0\0\0"s + value;
    return "\x0c"s + static_cast<char>(content.size()) + "\0\0"s + content;
  };
  auto const text = attribute("\x19\1\0\0\x10\0\0\0"s, "\5\0\0\0"s + number(0) + "\1\0\0\0"s);
  auto const more = "OCHK" + attribute("\x10\x08\0\0\x08\0\0\0"s, number(3)) + "sum.";
  auto const heap = "GCOL\1\0\0\0"s + number(48) + "\1\0\1\0\0\0\0\0"s + number(5) + "texts\0\0\0"s + number(0);
  auto const next = "\x10\x10\0\0"s + number(heap.size()) + number(more.size());
  auto const size = static_cast<char>(text.size() + next.size());
  put_header(folder, "second", heap + more + "OHDR\2\0"s + size + text + next + "sum." + std::string(64, '\0'),
             heap.size() + more.size());
}

void sweeps(fs::path const& folder, fs::path const& scratch) {
  auto const text =
      "[sweep]\nname = \"a\"\nseeds = [1, 2]\nbaseline = { \"train.lr\" = 1e-3 }\n\n[[sweep.axis]]\n\"train.lr\" = "
      "[1e-3, 0.01]\n\"train.epochs\" = [2, 3]\n\n[[sweep.exclude]]\ntrain.epochs = 3\n\n[[sweep.include]]\n"
      "\"train.lr\" = 0.1\n\n[model]\nd_model = 32\n\n[train]\nsplit = 'random' # as in the original\n"s;
  put(folder, "toml", "sweep", text);
  put(folder, "toml", "trial", config::to_toml(config::Trial{}));
  auto const plan = sweep::make_plan(sweep::parse_sweep(text, "seed"), "fp32",
                                     [](config::Data const&) { return sweep::DataIdentity{}; });
  put(folder, "plan", "plan", sweep::plan_csv(plan));
  std::string lines;
  for (auto const kind : {sweep::EventKind::opened, sweep::EventKind::started, sweep::EventKind::epoch,
                          sweep::EventKind::failed, sweep::EventKind::closed}) {
    sweep::Event event{.kind = kind, .time = 1.7e9, .trial = "aaaaaaaaaaaa", .rank = 1, .host = "n1"};
    event.epoch = 2, event.train_mse = 0.5, event.seconds = 2, event.reason = "out of memory";
    if (kind == sweep::EventKind::failed) event.state = sweep::State::out_of_memory;
    lines += sweep::to_line(event) + "\n";
  }
  put(folder, "ledger", "ledger", lines);
  put(folder, "lock", "lock",
      R"({"host": "n1", "pid": 12, "process_start": 3, "boot_id": "a", "slurm_job": "7", "token": "b", "heartbeat": 9})");
  put(folder, "failure", "failure", R"({"state": "timed_out", "reason": "it took too long", "log": ["a"]})");
  auto trial = trial_of("aaaaaaaaaaaa", 40);
  trial.evaluation.controls = {};
  analysis::trial_file::write_trial(scratch / "trial.h5", trial);
  put(folder, "trial", "trial", store::read_text(scratch / "trial.h5"));
}

}  // namespace

void write_seeds(fs::path const& folder) {
  TemporaryFolder const scratch;
  checkpoints(folder, scratch.path());
  arrays(folder, scratch.path());
  series(folder, scratch.path());
  small_series(folder, scratch.path());
  sweeps(folder, scratch.path());
  headers(folder, scratch.path());
}

}  // namespace mambasynth::tests::fuzz
