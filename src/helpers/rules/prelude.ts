/**
 * The part of Lua's world that is archon's: the table `archon` that scripts see, in Lua. What it is called with, and what it asks
 * for, are texts (src/native/lua.c). It keeps functions of the library for itself, as scripts may put others in their place.
 */
export const PRELUDE = String.raw`
local ask = ...
local error, type, tostring, tonumber, ipairs, select, pcall = error, type, tostring, tonumber, ipairs, select, pcall
local find, gsub, format, concat = string.find, string.gsub, string.format, table.concat
local tointeger, mathtype, unpack, sub, next = math.tointeger, math.type, table.unpack, string.sub, next
local rules, kept = {}, {}
local dropped = 0

local function fail(words, level) error(words, (level or 1) + 2) end

local function want(...)
  if not ask(...) then error("asks for too much at once", 3) end
end

local function name(value, what, level)
  local isName = type(value) == "string" and value ~= "" and not find(value, "%c")
  if not isName then fail(what .. " is not a name: " .. tostring(value), (level or 1) + 1) end
  return value
end

local function shown(...)
  local parts = {}
  for i = 1, select("#", ...) do parts[i] = tostring((select(i, ...))) end
  return concat(parts, "\t")
end

local function say(kind, ...)
  if not ask(kind, shown(...)) then dropped = dropped + 1 end
end

archon = {}
function print(...) say("print", ...) end

for _, verb in ipairs {"start", "stop", "restart", "reload"} do
  archon[verb] = function(...)
    local count = select("#", ...)
    if count == 0 then fail("archon." .. verb .. " takes names of services") end
    local names = {...}
    for i = 1, count do name(names[i], "archon." .. verb .. ": argument " .. i) end
    want("act", verb, ...)
  end
end

function archon.signal(service, signal)
  name(service, "archon.signal: the service")
  if type(signal) ~= "string" and mathtype(signal) ~= "integer" then fail("archon.signal: the signal is neither a name nor a number") end
  want("act", "signal", tostring(signal), service)
end

function archon.run(command, ...)
  if type(command) == "string" then
    local words = {command, ...}
    for i, word in ipairs(words) do if type(word) ~= "string" then fail("archon.run: argument " .. i .. " is not a text") end end
    want("act", "run", #words > 1 and "words" or "text", unpack(words))
  elseif type(command) == "table" then
    local words = {}
    for i, word in ipairs(command) do
      if type(word) ~= "string" and type(word) ~= "number" then fail("archon.run: word " .. i .. " is not a text") end
      words[i] = tostring(word)
    end
    if #words == 0 then fail("archon.run takes a command") end
    want("act", "run", "words", unpack(words))
  else
    fail("archon.run takes a text or a list of words")
  end
end

function archon.alert(...)
  want("act", "alert", shown(...))
end

local TERMS = {on = 1, action = 1, order = 1}

function archon.depend(dependent, target, terms)
  name(dependent, "archon.depend: the service")
  name(target, "archon.depend: the target")
  local texts = {}
  for key, value in next, terms or {} do
    if not TERMS[key] then fail("archon.depend has no " .. tostring(key) .. ": it has on, action, order") end
    texts[key] = name(value, "archon.depend: " .. key)
  end
  want("act", "depend", dependent, target, texts.on or "", texts.action or "", texts.order or "")
end

function archon.log(text, level)
  if level ~= nil and level ~= "info" and level ~= "warn" and level ~= "error" then fail("archon.log: the level is info, warn or error") end
  say(level or "info", text)
end

function archon.set(key, value)
  name(key, "archon.set: the key")
  if #key > 1024 then fail("archon.set: the key has more than 1024 bytes") end
  local kind = type(value)
  if kind == "number" then kind = mathtype(value) end
  if kind ~= "string" and kind ~= "integer" and kind ~= "float" and kind ~= "boolean" and kind ~= "nil" then
    fail("archon.set keeps texts, numbers, true and false, and not a " .. kind)
  end
  if value ~= nil and kept[key] == nil then
    local count = 0
    for _ in next, kept do count = count + 1 end
    if count >= 256 then fail("archon.set: 256 values are kept already; set one to nil") end
  end
  local text = kind == "float" and format("%.17g", value) or tostring(value)
  if #text > 1024 then fail("archon.set: the text has more than 1024 bytes") end
  want("set", key, kind, text)
  kept[key] = value
end

function archon.get(key) return kept[key] end

local function patterns(value, what)
  if value == nil then return nil end
  local list = type(value) == "table" and value or {value}
  for i, pattern in ipairs(list) do
    if type(pattern) ~= "string" then fail("archon.rule: " .. what .. " is not a pattern or a list of patterns", 2) end
    local fine, why = pcall(find, "", pattern)
    if not fine then fail("archon.rule: " .. what .. ": " .. tostring(why), 2) end
  end
  if #list == 0 then fail("archon.rule: " .. what .. " is empty", 2) end
  return list
end

local UNITS = {ms = 1, s = 1000, m = 60000, h = 3600000, d = 86400000}

local function millis(value)
  if value == nil then return nil end
  local number, unit = value, "s"
  if type(value) == "string" then
    local _, _, digits, word = find(value, "^(%d+%.?%d*)(%a*)$")
    number, unit = tonumber(digits), word == "" and "s" or word
  end
  local factor = UNITS[unit]
  if type(number) ~= "number" or not factor or number * factor < 1000 or number * factor > 86400000 * 30 then
    fail("archon.rule: every is not between 1s and 30d", 2)
  end
  return tointeger(number * factor // 1)
end

local function files(value)
  if value == nil then return nil end
  local list = type(value) == "table" and value or {value}
  for _, path in ipairs(list) do
    local isPath = type(path) == "string" and find(path, "^/") and not find(path, "%c")
    if not isPath then fail("archon.rule: path is not absolute: " .. tostring(path), 2) end
  end
  if #list == 0 then fail("archon.rule: path is empty", 2) end
  return list
end

local function ports(value)
  if value == nil then return nil end
  local list = type(value) == "table" and value or {value}
  for _, port in ipairs(list) do
    local isPort = mathtype(port) == "integer" and port > 0 and port < 65536
    if not isPort then fail("archon.rule: port is not between 1 and 65535: " .. tostring(port), 2) end
  end
  if #list == 0 then fail("archon.rule: port is empty", 2) end
  return list
end

local KEYS = {name = 1, match = 1, event = 1, when = 1, action = 1, line = 1, every = 1, path = 1, port = 1}

function archon.rule(rule)
  if type(rule) ~= "table" then fail("archon.rule takes a table: archon.rule{event = \"failed\", action = function(e) … end}") end
  for key in next, rule do
    if not KEYS[key] then
      fail("archon.rule has no " .. tostring(key) .. ": it has name, match, event, line, every, path, port, when, action")
    end
  end
  if type(rule.action) ~= "function" then fail("archon.rule: action is not a function") end
  if rule.when ~= nil and type(rule.when) ~= "function" then fail("archon.rule: when is not a function") end
  local every, paths, numbers = millis(rule.every), files(rule.path), ports(rule.port)
  local index = #rules + 1
  local made = {
    match = patterns(rule.match, "match"), line = patterns(rule.line, "line"), when = rule.when, action = rule.action,
    event = patterns(rule.event, "event")
      or every and {"timer"} or paths and {"file"} or numbers and {"port"} or rule.line and {"log"},
  }
  if not made.event then fail("archon.rule does not say which event") end
  if #rules >= 256 then fail("there are 256 rules already") end
  made.name = rule.name == nil and "rule " .. index or name(rule.name, "archon.rule: name")
  for _, other in ipairs(rules) do if other.name == made.name then fail("archon.rule: there is a rule " .. made.name .. " already") end end
  rules[index] = made
  local match, watched, looked = concat(made.match or {}, " "), concat(paths or {}, "\n"), concat(numbers or {}, " ")
  want("rule", tostring(index), made.name, concat(made.event, " "), match, tostring(every or ""), watched, looked)
  return made.name
end

local function bare(pattern)
  local text = gsub(pattern, "^%^", "")
  if not find(text, "%%%$$") then text = gsub(text, "%$$", "") end
  return text
end

-- Lua patterns for the whole of a text; and a text is itself, whatever its characters mean in one.
local function fits(list, text)
  for _, pattern in ipairs(list) do
    if pattern == text or find(text, "^" .. bare(pattern) .. "$") then return true end
  end
  return false
end

local function holds(list, text)
  for _, pattern in ipairs(list) do if find(text, pattern) then return true end end
  return false
end

local READ = {
  s = function(text) return text end, n = tonumber, b = function(text) return text == "true" end,
}

local calls = {}

-- The result: 0 it was not meant, 1 when has said no, 2 its action was done; and what was not said for want of room.
function calls.event(index, ...)
  local rule, e = rules[tonumber(index)], {}
  dropped = 0
  for i = 1, select("#", ...), 2 do
    local key, text = select(i, ...)
    e[key] = READ[sub(text, 1, 1)](sub(text, 2))
  end
  local isMeant = fits(rule.event, e.event) and (not rule.match or fits(rule.match, e.service or ""))
  if not isMeant or rule.line and not holds(rule.line, e.line or "") then return "0 0" end
  if rule.when and not rule.when(e) then return "1 " .. dropped end
  rule.action(e)
  return "2 " .. dropped
end

function calls.keep(key, kind, text)
  if kind == "nil" then kept[key] = nil
  elseif kind == "boolean" then kept[key] = text == "true"
  else kept[key] = kind == "string" and text or tonumber(text) end
  return ""
end

return calls
`;
