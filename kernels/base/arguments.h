// Arguments and handles of the functions that JavaScript calls.
#pragma once
#include <node_api.h>

#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <system_error>

namespace multiscale {

// The tag by which a handle of T is known from any other external; specialised where T is.
template <class T>
const napi_type_tag& tag_of();

// What JavaScript holds: the object, until it is freed explicitly or collected.
template <class T>
struct Handle {
  std::unique_ptr<T> object;
};

struct Failure {
  std::string message;
};

// Arguments of one call, converted one by one; throws Failure with the argument's index.
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info) : env_(env) {
    count_ = kMost;
    napi_get_cb_info(env, info, &count_, values_, nullptr, nullptr);
    if (count_ > kMost) throw Failure{"more than " + std::to_string(kMost) + " arguments"};
  }

  size_t count() const { return count_; }

  int integer(size_t i) {
    int32_t value;
    check(napi_get_value_int32(env_, at(i), &value), i, "an integer");
    return value;
  }

  double number(size_t i) {
    double value;
    check(napi_get_value_double(env_, at(i), &value), i, "a number");
    return value;
  }

  bool boolean(size_t i) {
    bool value;
    check(napi_get_value_bool(env_, at(i), &value), i, "a boolean");
    return value;
  }

  std::string text(size_t i) {
    char buffer[64];
    size_t length;
    check(napi_get_value_string_utf8(env_, at(i), buffer, sizeof buffer, &length), i, "a string");
    return std::string(buffer, length);
  }

  // A typed array of at least `count` elements.
  float* floats(size_t i, size_t count) { return static_cast<float*>(array(i, napi_float32_array, count)); }
  const int32_t* integers(size_t i, size_t count) {
    return static_cast<int32_t*>(array(i, napi_int32_array, count));
  }
  double* doubles(size_t i, size_t count) {
    return static_cast<double*>(array(i, napi_float64_array, count));
  }
  const uint8_t* bytes(size_t i, size_t count) {
    return static_cast<uint8_t*>(array(i, napi_uint8_array, count));
  }
  const float* optional_floats(size_t i, size_t count) {
    napi_valuetype type;
    napi_typeof(env_, at(i), &type);
    return type == napi_null || type == napi_undefined ? nullptr : floats(i, count);
  }

  template <class T>
  Handle<T>& handle(size_t i) {
    bool ours = false;
    void* data = nullptr;
    napi_valuetype type;
    if (napi_typeof(env_, at(i), &type) == napi_ok && type == napi_external)
      napi_check_object_type_tag(env_, at(i), &tag_of<T>(), &ours);
    if (!ours) throw Failure{"argument " + std::to_string(i) + " is not a handle of the right kind"};
    napi_get_value_external(env_, at(i), &data);
    return *static_cast<Handle<T>*>(data);
  }

  template <class T>
  T& object(size_t i) {
    Handle<T>& h = handle<T>(i);
    if (!h.object) throw Failure{"argument " + std::to_string(i) + " was freed before"};
    return *h.object;
  }

 private:
  static constexpr size_t kMost = 32;

  napi_value at(size_t i) {
    if (i >= count_) throw Failure{"argument " + std::to_string(i) + " is missing"};
    return values_[i];
  }

  void check(napi_status status, size_t i, const char* what) {
    if (status != napi_ok) throw Failure{"argument " + std::to_string(i) + " is not " + what};
  }

  void* array(size_t i, napi_typedarray_type wanted, size_t count) {
    napi_typedarray_type type;
    size_t length;
    void* data;
    check(napi_get_typedarray_info(env_, at(i), &type, &length, &data, nullptr, nullptr), i, "a typed array");
    if (type != wanted || length < count)
      throw Failure{"argument " + std::to_string(i) + " needs " + std::to_string(count) +
                    " elements of another array"};
    return data;
  }

  napi_env env_;
  size_t count_;
  napi_value values_[kMost];
};

template <class T>
napi_value wrap(napi_env env, std::unique_ptr<T> object) {
  auto* handle = new Handle<T>{std::move(object)};
  napi_value result;
  napi_create_external(
      env, handle, [](napi_env, void* data, void*) { delete static_cast<Handle<T>*>(data); }, nullptr,
      &result);
  napi_type_tag_object(env, result, &tag_of<T>());
  return result;
}

// The function that Node calls: what Body throws becomes an error in JavaScript.
template <napi_value (*Body)(napi_env, Arguments&)>
napi_value guarded(napi_env env, napi_callback_info info) {
  try {
    Arguments arguments(env, info);
    return Body(env, arguments);
  } catch (const Failure& failure) {
    napi_throw_error(env, nullptr, failure.message.c_str());
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, nullptr, "out of memory");
  } catch (const std::system_error& error) {
    napi_throw_error(env, nullptr, (std::string("the system refused a thread: ") + error.what()).c_str());
  }
  return nullptr;
}

struct Function {
  const char* name;
  napi_callback callback;
};

inline void define(napi_env env, napi_value exports, std::initializer_list<Function> functions) {
  for (const Function& f : functions) {
    napi_value function;
    napi_create_function(env, f.name, NAPI_AUTO_LENGTH, f.callback, nullptr, &function);
    napi_set_named_property(env, exports, f.name, function);
  }
}

}  // namespace multiscale
