// Devices by their last sign of life: those never heard of first, then the longest silent.
function (doc) {
  if (doc.type === 'household_summary') {
    doc.devices.forEach(function (device) {
      emit(device.heartbeat_at || null, device.device);
    });
  }
}
