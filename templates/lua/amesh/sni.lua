-- amesh-sni for stream: passes TLS on by the server name of its ClientHello, and what is no TLS elsewhere (Envoy's filter
-- chains with server_names and transport_protocol behind its tls_inspector).
--
-- Stock APISIX knows the server name only where it terminates TLS.
-- Loaded by its name in "stream_plugins" of config.yaml. Peeks at the client's first bytes by reqsock:peek of OpenResty, so
-- nothing is taken from the upstream. A client that sends too little is cut off by nginx's preread_timeout. On routes whose
-- server speaks first it would wait for that; so it is for routes that Envoy inspects too. Below ip-restriction (3000),
-- limit-conn (1003).

local core = require("apisix.core")
local choice = require("amesh.choice")
local direct = require("amesh.direct")
local hello = require("amesh.hello")
local names = require("amesh.names")

local choices = choice.schema()
local passthrough = { type = "object", properties = direct.properties }
local target = {
    oneOf = {
        { required = { "upstream_id" } },
        { required = { "choices" } },
        { required = { "passthrough" } },
    },
    type = "object",
    properties = {
        upstream_id = choices.items.properties.upstream_id,
        choices = choices,
        passthrough = passthrough,
    },
}

local _M = {
    version = 0.1,
    priority = 965,
    name = "amesh-sni",
    schema = {
        type = "object",
        properties = {
            servers = {
                type = "array",
                items = {
                    type = "object",
                    required = { "names", "to" },
                    properties = {
                        names = { type = "array", minItems = 1, items = { type = "string", minLength = 1 } },
                        to = target,
                    },
                },
            },
            tls = target,
            plain = target,
        },
    },
}


function _M.check_schema(conf)
    return core.schema.check(_M.schema, conf)
end


-- "tls" and the server name, or "plain"; nil and why where it cannot be told.
local function inspect()
    local client = ngx.req.socket()
    if not client or not client.peek then
        return nil, "the client's first bytes cannot be read"
    end
    local kind, found = hello.read("")
    while kind == "more" do
        if found > hello.MAX then
            return nil, "the client's hello is too long"
        end
        local data, err = client:peek(found)
        if not data then
            return nil, err
        end
        kind, found = hello.read(data)
    end
    return kind, found
end


local function choose(conf, kind, name)
    if kind == "plain" then
        return conf.plain
    end
    local server = name and names.find(conf.servers or {}, name)
    return server and server.to or conf.tls
end


local function send(to, ctx)
    if to.passthrough then
        return direct.set(to.passthrough, ctx, "tcp")
    end
    ctx.upstream_id = to.upstream_id or choice.draw(to.choices).upstream_id
    return true
end


-- A status closes the connection; which one, nobody sees but the log.
function _M.preread(conf, ctx)
    local kind, name = inspect()
    if not kind then
        core.log.info("amesh-sni: ", name)
        return 400
    end
    local to = choose(conf, kind, name)
    if not to then
        core.log.info("amesh-sni: no server for ", kind, " ", name)
        return 404
    end
    local ok, why = send(to, ctx)
    if not ok then
        core.log.info("amesh-sni: ", why)
        return 502
    end
end


return _M
