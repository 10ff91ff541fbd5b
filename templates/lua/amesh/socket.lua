-- The client's connection: the destination that it had before netfilter redirected it (SO_ORIGINAL_DST).
--
-- Stock APISIX has it as $connection_original_dst, but in HTTP alone, for IPv4 alone, and with apisix-runtime alone.
-- Loaded by require() from the plugins here (apisix.extra_lua_path).
--
-- nginx offers no Lua function that tells a connection's file descriptor, so it is read from nginx's own structs:
--   ngx_http_request_t        { uint32_t signature; ngx_connection_t *connection; ... }
--   ngx_stream_lua_request_t  { ngx_connection_t *connection; ngx_stream_session_t *session; ... }
--   ngx_connection_t          { void *data; ngx_event_t *read; ngx_event_t *write; int fd; ... }
-- Third-party modules are built against them, so they have kept this beginning for all of nginx's life. It is checked all
-- the same: the signature (HTTP) or the pointer back to the session (stream) at each use, and, once for each worker, that
-- the descriptor is a socket whose local port is $server_port. Where that fails, every destination is unknown. The stream
-- of an HTTP/2 connection has a copy of the connection's struct, with the same descriptor.

local ffi = require("ffi")
local base = require("resty.core.base")
local address = require("amesh.address")

local C = ffi.C

ffi.cdef [[
int amesh_getsockname(int fd, void *address, unsigned int *size) __asm__("getsockname");
int amesh_getsockopt(int fd, int level, int name, void *value, unsigned int *size) __asm__("getsockopt");
]]

local HTTP_SIGNATURE = 0x50545448 -- "HTTP"
local SOL_IP, SOL_IPV6 = 0, 41
local SO_ORIGINAL_DST = 80 -- IP6T_SO_ORIGINAL_DST is the same number

local in_http = ngx.config.subsystem == "http"
local pointers = ffi.typeof("void **")
local own = address.new()
local original = address.new()
local size = ffi.new("unsigned int[1]")

local _M = {}


local function connection_of(request)
    if not in_http then
        local connection = ffi.cast(pointers, request)[0]
        local session = ffi.cast(pointers, request)[1]
        if connection == nil or ffi.cast(pointers, connection)[0] ~= session then
            return nil
        end
        return connection
    end
    if ffi.cast("uint32_t *", request)[0] ~= HTTP_SIGNATURE then
        return nil
    end
    return ffi.cast(pointers, request)[1]
end


local function descriptor()
    local request = base.get_request()
    if not request then
        return nil
    end
    local connection = connection_of(request)
    if connection == nil then
        return nil
    end
    return ffi.cast("int *", ffi.cast(pointers, connection) + 3)[0]
end


local layout_holds -- nil: not compared yet

local function is_clients(sa)
    if layout_holds == nil then
        layout_holds = address.port(sa) == tonumber(ngx.var.server_port)
        if not layout_holds then
            ngx.log(ngx.ERR, "amesh: this nginx keeps its connections otherwise than expected: ",
                    "original destinations are unknown")
        end
    end
    return layout_holds
end


-- Fills own and original. False where the destination is unknown: no connection over IP, no connection tracking.
local function read()
    local fd = descriptor()
    if not fd or fd < 0 then
        return false
    end
    size[0] = address.SIZE
    if C.amesh_getsockname(fd, own, size) ~= 0 then
        return false
    end
    local ipv4 = address.is_ipv4(own)
    if ipv4 == nil or not is_clients(own) then
        return false
    end
    size[0] = address.SIZE
    return C.amesh_getsockopt(fd, ipv4 and SOL_IP or SOL_IPV6, SO_ORIGINAL_DST, original, size) == 0
end


-- Address (without brackets) and port that the client connected to, and whether netfilter redirected it to here: where
-- it did not, they are those of this listener. nil where they are unknown. Two system calls; not for use in timers.
function _M.destination()
    if not read() then
        return nil
    end
    return address.ip(original), address.port(original), not address.equal(own, original)
end


-- Address and port in one text: "10.0.0.1:80", "[fd00::1]:80".
function _M.join(ip, port)
    if ip:find(":", 1, true) then
        return "[" .. ip .. "]:" .. port
    end
    return ip .. ":" .. port
end


return _M
