#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

namespace mambasynth::kernels {

/// Working memory aligned to a cache line (the widest vector), zeroed.
template <class T>
class Scratch {
 public:
  static constexpr std::size_t line = 64;

  explicit Scratch(std::int64_t count) {
    auto const bytes = (static_cast<std::size_t>(count) * sizeof(T) + line) / line * line;
    data_.reset(static_cast<T*>(std::aligned_alloc(line, bytes)));
    if (!data_) throw std::bad_alloc();
    std::memset(data_.get(), 0, bytes);
  }
  T* get() { return data_.get(); }

 private:
  struct Free {
    void operator()(T* data) const { std::free(data); }
  };
  std::unique_ptr<T, Free> data_;
};

}  // namespace mambasynth::kernels
