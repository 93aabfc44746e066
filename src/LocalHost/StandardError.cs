using System.Text;

namespace Fanfold.LocalHost;

/// <summary>Stderr as a courtesy: where it can't be written, a full disk or a reader that left, the command goes on without it.</summary>
static class StandardError
{
    public static void MakeOptional() => Console.SetError(new StreamWriter(new Lenient(Console.OpenStandardError()), new UTF8Encoding(false)) { AutoFlush = true });

    sealed class Lenient(Stream stderr) : Stream
    {
        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }
        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Flush() { }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            try
            {
                stderr.Write(buffer);
            }
            catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
            {
                // There is no one left to tell.
            }
        }
    }
}
