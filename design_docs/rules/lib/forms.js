// Forms that a field's value can have: `holds(value)` and the `rule` that says so. Text is tested as text: a
// regular expression would take a list of one text for that text.
var UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
var DAY = '\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])';
var DATE = new RegExp('^' + DAY + '$');
var TIME = new RegExp('^' + DAY + 'T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\dZ$');
var SLOT = new RegExp('^' + DAY + 'T(?:[01]\\d|2[0-3]):(?:00|15|30|45):00Z$');

function matching(pattern, rule) {
  return {rule: rule, holds: function (value) { return typeof value === 'string' && pattern.test(value); }};
}
function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

exports.uuid = matching(UUID, 'a uuid, lower case with hyphens');
exports.date = matching(DATE, 'a date YYYY-MM-DD');
exports.time = matching(TIME, 'a time YYYY-MM-DDTHH:MM:SSZ');
exports.slot = matching(SLOT, 'the start of a 15-minute slot, YYYY-MM-DDTHH:MM:00Z');
exports.name = matching(/^[a-z][a-z0-9_]{0,39}$/, 'a lower-case name of at most 40 characters');
exports.object = {rule: 'an object', holds: isObject};
exports.yes_or_no = {rule: 'true or false', holds: function (value) { return value === true || value === false; }};
exports.count = {
  rule: 'an integer, not negative',
  holds: function (value) { return Number.isInteger(value) && value >= 0; }
};
exports.uuids = {
  rule: 'a list of at most 100 uuids',
  holds: function (value) {
    return Array.isArray(value) && value.length <= 100 && value.every(exports.uuid.holds);
  }
};
exports.text = function (least, most) {
  return {
    rule: 'a text of ' + least + ' to ' + most + ' characters',
    holds: function (value) {
      return typeof value === 'string' && value.length >= least && value.length <= most;
    }
  };
};
exports.number = function (least, most) {
  return {
    rule: 'a number from ' + least + ' to ' + most,
    holds: function (value) { return typeof value === 'number' && value >= least && value <= most; }
  };
};
exports.one_of = function (values) {
  return {rule: 'one of ' + values.join(', '), holds: function (value) { return values.indexOf(value) !== -1; }};
};
exports.optional = function (form) {
  return {
    rule: form.rule + ', or nothing',
    holds: function (value) { return value === undefined || value === null || form.holds(value); }
  };
};
