// What became of an order.
var form = require('lib/forms');

exports.writers = ['agent'];
exports.own_device = '';
exports.during = 'standing';
exports.once = true;
exports.size = 65536;
exports.fields = {
  order: form.uuid,
  device: form.uuid,
  at: form.time,
  done: form.yes_or_no
};
exports.id = function (doc) { return 'answer:' + doc.order; };
