#include "store/archive/pickle_writer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "store/archive/pt_types.hpp"

namespace mambasynth::store::pt {
namespace {

/// CPython's pickler writes items in batches of this size.
constexpr std::size_t batch = 1000;

}  // namespace

std::string PickleWriter::pickle(Value const& value) {
  out_.clear();
  code(Opcode::proto);
  out_ += '\x02';
  write(value, 0);
  code(Opcode::stop);
  return std::move(out_);
}

void PickleWriter::write(Value const& value, int depth) {
  constexpr int most_depth = 200;  // also the reader's limit
  if (depth > most_depth) throw std::runtime_error("the values are nested too deeply");
  std::visit(
      [&](auto const& held) {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::monostate>) code(Opcode::none);
        else if constexpr (std::is_same_v<T, bool>) code(held ? Opcode::new_true : Opcode::new_false);
        else if constexpr (std::is_same_v<T, std::int64_t>) integer(held);
        else if constexpr (std::is_same_v<T, double>) number(held);
        else if constexpr (std::is_same_v<T, std::string>) text(held);
        else if constexpr (std::is_same_v<T, Tensor>) tensor(held);
        else if constexpr (std::is_same_v<T, List>) list(held, depth);
        else if constexpr (std::is_same_v<T, Tuple>) tuple(held.items, depth);
        else if constexpr (std::is_same_v<T, Dict>) {
          code(Opcode::empty_dict);
          items(held, depth);
        } else {
          ordered_dict();
          items(held.items, depth);
        }
      },
      value.v);
}

void PickleWriter::code(Opcode opcode) { out_ += static_cast<char>(opcode); }

void PickleWriter::little_endian(std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out_ += static_cast<char>(value >> (8 * i) & 0xff);
}

void PickleWriter::integer(std::int64_t value) {
  if (value >= 0 && value <= 0xff) {
    code(Opcode::bin_int1);
    little_endian(static_cast<std::uint64_t>(value), 1);
  } else if (value >= 0 && value <= 0xffff) {
    code(Opcode::bin_int2);
    little_endian(static_cast<std::uint64_t>(value), 2);
  } else if (value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max()) {
    code(Opcode::bin_int);
    little_endian(static_cast<std::uint64_t>(value), 4);
  } else {
    // The fewest bytes that hold the value and its sign.
    int bytes = 8;
    while (bytes > 1 && value >> (8 * bytes - 9) == value >> 63) --bytes;
    code(Opcode::long1);
    out_ += static_cast<char>(bytes);
    little_endian(static_cast<std::uint64_t>(value), bytes);
  }
}

void PickleWriter::number(double value) {
  code(Opcode::bin_float);
  auto const bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 7; i >= 0; --i) out_ += static_cast<char>(bits >> (8 * i) & 0xff);
}

void PickleWriter::text(std::string const& value) {
  if (recall("text " + value)) return;
  if (value.size() > std::numeric_limits<std::uint32_t>::max()) throw std::runtime_error("a string is too long");
  code(Opcode::bin_unicode);
  little_endian(value.size(), 4);
  out_ += value;
  remember("text " + value);
}

void PickleWriter::global(std::string const& module, std::string const& name) {
  auto const key = "global " + module + " " + name;
  if (recall(key)) return;
  code(Opcode::global);
  out_ += module + '\n' + name + '\n';
  remember(key);
}

bool PickleWriter::recall(std::string const& key) {
  auto const found = memo_.find(key);
  if (found == memo_.end()) return false;
  bool const near = found->second <= 0xff;
  code(near ? Opcode::bin_get : Opcode::long_bin_get);
  little_endian(found->second, near ? 1 : 4);
  return true;
}

void PickleWriter::remember(std::string const& key) {
  auto const number = static_cast<std::uint32_t>(memo_.size());
  memo_.emplace(key, number);
  bool const near = number <= 0xff;
  code(near ? Opcode::bin_put : Opcode::long_bin_put);
  little_endian(number, near ? 1 : 4);
}

void PickleWriter::list(List const& values, int depth) {
  code(Opcode::empty_list);
  for (std::size_t first = 0; first < values.size(); first += batch) {
    code(Opcode::mark);
    for (std::size_t i = first; i < std::min(values.size(), first + batch); ++i) write(values[i], depth + 1);
    code(Opcode::appends);
  }
}

void PickleWriter::begin_tuple(std::size_t size) {
  if (size > 3) code(Opcode::mark);
}

void PickleWriter::end_tuple(std::size_t size) {
  constexpr Opcode by_size[] = {Opcode::empty_tuple, Opcode::tuple1, Opcode::tuple2, Opcode::tuple3};
  code(size > 3 ? Opcode::tuple : by_size[size]);
}

void PickleWriter::tuple(std::vector<Value> const& values, int depth) {
  begin_tuple(values.size());
  for (auto const& value : values) write(value, depth + 1);
  end_tuple(values.size());
}

void PickleWriter::integers(std::vector<std::int64_t> const& values) {
  begin_tuple(values.size());
  for (auto const value : values) integer(value);
  end_tuple(values.size());
}

void PickleWriter::items(Dict const& entries, int depth) {
  for (std::size_t first = 0; first < entries.size(); first += batch) {
    code(Opcode::mark);
    for (std::size_t i = first; i < std::min(entries.size(), first + batch); ++i) {
      auto const& key = entries[i].first.v;
      if (!std::holds_alternative<std::string>(key) && !std::holds_alternative<std::int64_t>(key))
        throw std::runtime_error("a dict has a key that is neither text nor an integer");
      write(entries[i].first, depth + 1);
      write(entries[i].second, depth + 1);
    }
    code(Opcode::set_items);
  }
}

void PickleWriter::ordered_dict() {
  global("collections", "OrderedDict");
  code(Opcode::empty_tuple);
  code(Opcode::reduce);
}

void PickleWriter::tensor(Tensor const& tensor) {
  auto const size = tensor.size();
  if (!tensor.bytes || tensor.bytes->size() != static_cast<std::size_t>(size) * size_of(tensor.dtype))
    throw std::runtime_error("a tensor's shape does not match its number of bytes");
  global("torch._utils", "_rebuild_tensor_v2");
  code(Opcode::mark);
  storage(tensor);
  integer(0);
  std::vector<std::int64_t> stride(tensor.shape.size());
  std::int64_t step = 1;
  for (std::size_t axis = tensor.shape.size(); axis-- > 0;) {
    stride[axis] = step;
    step *= std::max<std::int64_t>(tensor.shape[axis], 1);
  }
  integers(tensor.shape);
  integers(stride);
  code(Opcode::new_false);  // requires_grad
  ordered_dict();           // backward hooks: none
  code(Opcode::tuple);
  code(Opcode::reduce);
}

void PickleWriter::storage(Tensor const& tensor) {
  auto const [found, fresh] = keys_.emplace(std::pair{tensor.bytes.get(), tensor.dtype}, storages_.size());
  if (fresh) storages_.push_back(tensor.bytes);
  auto const type = std::find_if(storage_names.begin(), storage_names.end(),
                                 [&](StorageName const& entry) { return entry.dtype == tensor.dtype; });
  code(Opcode::mark);
  text("storage");
  global("torch", std::string(type->name));
  text(std::to_string(found->second));
  text("cpu");
  integer(tensor.size());
  code(Opcode::tuple);
  code(Opcode::bin_persid);
}

}  // namespace mambasynth::store::pt
