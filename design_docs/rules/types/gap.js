// An ended run of slots without a measurement.
var form = require('lib/forms');

exports.writers = ['agent'];
exports.own_device = 'measurement-write';
exports.during = 'granted';
exports.once = true;
exports.size = 4096;
exports.fields = {
  meter: form.uuid,
  device: form.uuid,
  from_slot: form.slot,
  to_slot: form.slot,
  cause: form.name
};
exports.also = [{
  field: 'to_slot',
  rule: 'not before from_slot',
  holds: function (doc) { return doc.to_slot >= doc.from_slot; }
}];
exports.id = function (doc) { return 'gap:' + doc.meter + ':' + doc.from_slot; };
