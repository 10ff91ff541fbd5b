-- Socket addresses of the kernel's (struct sockaddr_in and sockaddr_in6): address as text, port, whether two are equal.
--
-- Stock APISIX has no need of it: it reads addresses from nginx's variables, and nginx has none for the address that a
-- connection had before netfilter redirected it. Loaded by require() from the plugins here (apisix.extra_lua_path).
--
-- Declares functions under names of its own (the "asm" labels), as a declaration of getsockopt or inet_ntop that another
-- module has made with other types would otherwise win. Reads bytes at offsets rather than structs for the same reason.

local ffi = require("ffi")
local bit = require("bit")

local C = ffi.C

ffi.cdef [[
const char *amesh_inet_ntop(int family, const void *address, char *text, unsigned int size) __asm__("inet_ntop");
]]

local AF_INET, AF_INET6 = 2, 10
local TEXT_SIZE = 64

local text = ffi.new("char[?]", TEXT_SIZE)

local _M = {
    SIZE = 128, -- of struct sockaddr_storage
    AF_INET = AF_INET,
    AF_INET6 = AF_INET6,
}


-- A buffer for one address, to be filled by a system call.
function _M.new()
    return ffi.new("unsigned char[?]", _M.SIZE)
end


function _M.family(sa)
    return bit.bor(sa[ffi.abi("le") and 0 or 1], bit.lshift(sa[ffi.abi("le") and 1 or 0], 8))
end


function _M.port(sa)
    return bit.bor(bit.lshift(sa[2], 8), sa[3])
end


-- ::ffff:a.b.c.d, the form in which a listener on [::] sees connections of IPv4.
local function mapped(sa)
    for i = 8, 17 do
        if sa[i] ~= 0 then
            return false
        end
    end
    return sa[18] == 0xff and sa[19] == 0xff
end


-- Whether the connection is of IPv4, whatever the family of the socket. nil for what is neither IPv4 nor IPv6.
function _M.is_ipv4(sa)
    local family = _M.family(sa)
    if family == AF_INET then
        return true
    end
    if family == AF_INET6 then
        return mapped(sa)
    end
    return nil
end


-- Where the bytes of the address start, and how many there are.
local function bytes(sa)
    if _M.family(sa) == AF_INET then
        return 4, 4
    end
    if mapped(sa) then
        return 20, 4
    end
    return 8, 16
end


-- The address as text, without brackets: "10.0.0.1", "fd00::1". Those of IPv4 have one form whatever the socket's family.
function _M.ip(sa)
    local from, size = bytes(sa)
    local family = size == 4 and AF_INET or AF_INET6
    if C.amesh_inet_ntop(family, sa + from, text, TEXT_SIZE) == nil then
        return nil
    end
    return ffi.string(text)
end


-- Whether two are the same address and port.
function _M.equal(a, b)
    if _M.port(a) ~= _M.port(b) then
        return false
    end
    local from_a, size_a = bytes(a)
    local from_b, size_b = bytes(b)
    if size_a ~= size_b then
        return false
    end
    for i = 0, size_a - 1 do
        if a[from_a + i] ~= b[from_b + i] then
            return false
        end
    end
    return true
end


return _M
