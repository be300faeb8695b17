// A mistake that the participant reports.
var form = require('lib/forms');

exports.writers = ['page'];
exports.any_device = true;
exports.during = 'standing';
exports.once = true;
exports.size = 32768;
exports.fields = {
  report: form.uuid,
  at: form.time,
  text: form.text(1, 4000)
};
exports.id = function (doc) { return 'report:' + doc.report; };
