#include "kernels/cuda/launch.hpp"

#include <map>
#include <mutex>
#include <stdexcept>

namespace mambasynth::kernels::cuda {

void check(cudaError_t error, char const* what) {
  if (error == cudaSuccess) return;
  std::string const why = cudaGetErrorString(error);
  throw std::runtime_error(
      std::string(what) + " failed on the GPU (" + why +
      "). Run mambasynth bench scan on this machine; if that fails too, the GPU or its driver is at fault");
}

void check_launch(char const* kernel) { check(cudaGetLastError(), kernel); }

void allow_shared_memory(void const* kernel, std::size_t bytes, char const* name) {
  static std::mutex mutex;
  static std::map<std::pair<void const*, int>, std::size_t> allowed;
  int device = 0;
  check(cudaGetDevice(&device), "querying the current GPU");
  std::lock_guard const lock(mutex);
  auto& limit = allowed[{kernel, device}];
  if (bytes <= limit) return;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(bytes)), name);
  limit = bytes;
}

int multiprocessors() {
  int device = 0, count = 0;
  check(cudaGetDevice(&device), "querying the current GPU");
  check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device), "querying the GPU's multiprocessors");
  return count;
}

namespace {
int shared_memory(cudaDeviceAttr which) {
  int device = 0, bytes = 0;
  check(cudaGetDevice(&device), "querying the current GPU");
  check(cudaDeviceGetAttribute(&bytes, which, device), "querying the GPU's shared memory");
  return bytes;
}
}  // namespace

int shared_memory_of_a_block() { return shared_memory(cudaDevAttrMaxSharedMemoryPerBlockOptin); }
int shared_memory_of_a_multiprocessor() { return shared_memory(cudaDevAttrMaxSharedMemoryPerMultiprocessor); }

}  // namespace mambasynth::kernels::cuda
