// What a meter said in one slot, exactly as sent.
var form = require('lib/forms');
var OBIS = /^[0-9a-f]{12}$/;

function isReading(reading) {
  return typeof reading === 'object' && reading !== null &&
    typeof reading.obis === 'string' && OBIS.test(reading.obis) && Number.isInteger(reading.value) &&
    Number.isInteger(reading.scaler) && reading.scaler >= -24 && reading.scaler <= 24;
}

exports.writers = ['agent'];
exports.own_device = 'measurement-write';
exports.during = 'granted';
exports.once = true;
exports.size = 32768;
exports.fields = {
  meter: form.uuid,
  device: form.uuid,
  slot: form.slot,
  measured_at: form.time,
  time: form.optional(form.object),
  data: {
    rule: '1 to 200 readings, each an OBIS code of 12 hexadecimal digits, an integer value and an integer ' +
      'scaler from -24 to 24',
    holds: function (data) {
      return Array.isArray(data) && data.length > 0 && data.length <= 200 && data.every(isReading);
    }
  }
};
exports.id = function (doc) { return 'measurement:' + doc.meter + ':' + doc.slot; };
